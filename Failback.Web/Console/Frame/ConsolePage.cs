using Failback.Saga;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Logging;

namespace Failback.Web;

/// <summary>
/// A page that reads through the doors once it is interactive, again when something changed, and by itself while the database is away: then what
/// was known stays in view, under a line that says so.
/// </summary>
public abstract partial class ConsolePage : ConsoleComponent, IAsyncDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(3);
    private readonly CancellationTokenSource _gone = new();
    private bool _reading;
    private bool _again;
    private bool _live;

    [Inject]
    internal IRead Read { get; set; } = null!;

    [Inject]
    internal ConsoleNews News { get; set; } = null!;

    [Inject]
    internal ILogger<ConsolePage> Logger { get; set; } = null!;

    /// <summary>Something was read.</summary>
    private protected bool Known { get; private set; }

    /// <summary>The last try to read failed.</summary>
    private protected bool InTrouble { get; private set; }

    /// <summary>When what is shown was read.</summary>
    private protected DateTimeOffset KnownAt { get; private set; }

    private protected bool MayRead => Viewer.May(AskRights.ReadLog);
    private protected CancellationToken Gone => _gone.Token;

    /// <summary>Reads what the page shows; what it throws is trouble and tried again.</summary>
    private protected abstract Task LoadAsync(CancellationToken token);

    /// <summary>Something on the page changes by itself each second.</summary>
    private protected virtual bool Moves => false;

    /// <summary>Numbers of copies moved; changes are read anew by the page.</summary>
    private protected virtual void Take(IReadOnlyList<CopyNews> copies) { }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender || !MayRead)
            return;
        _live = true;
        News.Came += OnNewsAsync;
        News.Ticked += OnTickAsync;
        Viewer.Moved += OnMoved;
        News.Start();
        await ReadAsync();
    }

    /// <summary>Parameters changed: another page of the list, another entry.</summary>
    protected override Task OnParametersSetAsync() => _live ? ReadAsync() : Task.CompletedTask;

    /// <summary>One read at a time; a wish meanwhile is one more read after it.</summary>
    private protected async Task ReadAsync()
    {
        if (_reading)
        {
            _again = true;
            return;
        }
        _reading = true;
        try
        {
            do
            {
                _again = false;
                await TryAsync();
                StateHasChanged();
            } while ((_again || InTrouble) && !_gone.IsCancellationRequested);
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            // The page is gone.
        }
        finally
        {
            _reading = false;
        }
    }

    private async Task TryAsync()
    {
        try
        {
            if (InTrouble)
                await Task.Delay(Retry, Viewer.Time, Gone);
            await LoadAsync(Gone);
            (Known, InTrouble, KnownAt) = (true, false, Viewer.Now);
        }
        catch (Exception away) when (!_gone.IsCancellationRequested)
        {
            if (!InTrouble)
                LogNotRead(Logger, GetType().Name, away);
            InTrouble = true;
        }
    }

    private Task OnNewsAsync(LiveNews news) =>
        InvokeAsync(async () =>
        {
            Take(news.Copies);
            if (news.Changes.Count > 0)
                await ReadAsync();
            else
                StateHasChanged();
        });

    private Task OnTickAsync() => Moves ? InvokeAsync(StateHasChanged) : Task.CompletedTask;

    /// <summary>Times of the address are read in the zone too.</summary>
    private void OnMoved() => _ = InvokeAsync(ReadAsync);

    public virtual async ValueTask DisposeAsync()
    {
        News.Came -= OnNewsAsync;
        News.Ticked -= OnTickAsync;
        Viewer.Moved -= OnMoved;
        await _gone.CancelAsync();
        GC.SuppressFinalize(this);
    }

    [LoggerMessage(6400, LogLevel.Warning, "{Page} could not be read; it is tried again until it can")]
    private static partial void LogNotRead(ILogger logger, string page, Exception exception);
}
