// What a page needs of its browser: cookies of three preferences, and coming back after a lost connection. Nothing is read from elsewhere.
(() => {
    'use strict';
    const year = 31536000;
    const path = new URL(document.baseURI).pathname;
    const secure = location.protocol === 'https:' ? '; Secure' : '';
    const keep = (name, value) => {
        document.cookie = `${name}=${encodeURIComponent(value)}; Path=${path}; Max-Age=${year}; SameSite=Lax${secure}`;
    };

    const zone = () => {
        try {
            return Intl.DateTimeFormat().resolvedOptions().timeZone || null;
        } catch {
            return null;
        }
    };
    const known = zone();
    if (known) keep('failback-zone', known);
    window.failback = { zone };

    const mark = () => {
        const theme = document.documentElement.dataset.theme;
        for (const button of document.querySelectorAll('[data-cookie="failback-theme"]'))
            button.setAttribute('aria-pressed', String(button.dataset.value === theme));
    };

    document.addEventListener('click', event => {
        const chosen = event.target.closest('[data-cookie]');
        if (chosen) {
            keep(chosen.dataset.cookie, chosen.dataset.value);
            if (chosen.dataset.cookie === 'failback-theme') {
                document.documentElement.dataset.theme = chosen.dataset.value;
                mark();
            } else location.reload();
            return;
        }
        if (event.target.closest('#blazor-error-ui .reload')) {
            event.preventDefault();
            location.reload();
        }
        // A menu closes when something else is clicked.
        for (const menu of document.querySelectorAll('details.menu[open]'))
            if (!menu.contains(event.target)) menu.removeAttribute('open');
    });
    document.addEventListener('keydown', event => {
        if (event.key === 'Escape')
            for (const menu of document.querySelectorAll('details.menu[open]')) {
                menu.removeAttribute('open');
                menu.querySelector('summary').focus();
            }
        // Keys that move a picture do not move the page.
        if (event.target.closest?.('[data-keys="zoom"]') && ['ArrowLeft', 'ArrowRight', 'Home'].includes(event.key)) event.preventDefault();
    });
    document.addEventListener('toggle', event => event.target.matches?.('details.menu') && mark(), true);

    // A page that failed loads again by itself, but not without end: three times a minute.
    const reloadSoon = () => {
        const now = Date.now();
        const tries = (sessionStorage.getItem('failback-reloads') || '').split(',').filter(x => x && now - Number(x) < 60000);
        if (tries.length >= 3) return;
        sessionStorage.setItem('failback-reloads', [...tries, now].join(','));
        setTimeout(() => location.reload(), 1500);
    };
    const failed = document.getElementById('blazor-error-ui');
    if (failed)
        new MutationObserver(() => {
            if (getComputedStyle(failed).display !== 'none') reloadSoon();
        }).observe(failed, { attributes: true, attributeFilter: ['style'] });

    if (!window.Blazor) return;
    const banner = document.getElementById('components-reconnect-modal');
    banner?.addEventListener('components-reconnect-state-changed', event => {
        // The server has forgotten the circuit, or does not want it: the page is loaded anew, with the truth.
        if (event.detail.state === 'rejected' || event.detail.state === 'failed') location.reload();
    });
    window.Blazor.start({
        circuit: {
            reconnectionOptions: { maxRetries: 1000000, retryIntervalMilliseconds: tries => Math.min(300 + tries * 400, 3000) },
        },
        ssr: { disableDomPreservation: true },
    });
})();
