using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.Extensions.Options;

namespace Failback.Web;

/// <summary>How many pages with a circuit each person has open: a circuit holds memory for as long as it lives (T17).</summary>
internal sealed class OpenPages(IOptions<WebOptions> options)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _open = new(StringComparer.Ordinal);

    /// <returns>False when the person has as many as anybody may.</returns>
    public bool TryOpen(string who)
    {
        lock (_gate)
        {
            var open = _open.GetValueOrDefault(who);
            if (open >= options.Value.PagesPerUser)
                return false;
            _open[who] = open + 1;
            return true;
        }
    }

    public void Close(string who)
    {
        lock (_gate)
            if (--_open[who] == 0)
                _open.Remove(who);
    }
}

/// <summary>The place of one circuit among the pages of its person; without one it ends at once.</summary>
internal sealed class CircuitPlace(OpenPages pages, AuthenticationStateProvider people) : CircuitHandler
{
    private string? _who;

    /// <exception cref="InvalidOperationException">Too many pages are open; the framework ends the circuit.</exception>
    public override async Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        var who = Floods.PersonOf((await people.GetAuthenticationStateAsync()).User);
        _who = pages.TryOpen(who) ? who : throw new InvalidOperationException("too many pages of one person are open");
    }

    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _who, null) is { } who)
            pages.Close(who);
        return Task.CompletedTask;
    }
}
