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
    private const int LongestText = 128;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(3);
    private readonly CancellationTokenSource _gone = new();
    private DateTimeOffset _readAt;
    private int _asked;
    private bool _reading;
    private bool _again;
    private bool _live;
    private bool _failed;
    private bool _wasAway;

    [Inject]
    internal IRead Read { get; set; } = null!;

    [Inject]
    internal ConsoleNews News { get; set; } = null!;

    [Inject]
    internal ILogger<ConsolePage> Logger { get; set; } = null!;

    /// <summary>Something was read.</summary>
    private protected bool Known { get; private set; }

    /// <summary>The last try to read failed, or nobody can look whether what is shown is still so.</summary>
    private protected bool InTrouble => _failed || News.AwaySince is not null;

    /// <summary>The last try to read failed, and not because of the database.</summary>
    private protected bool IsBroken { get; private set; }

    /// <summary>The address begins the list at something that was never given; the first page is shown.</summary>
    private protected bool IsMisread { get; private set; }

    /// <summary>Of the first of the tries that failed: the log has it. Null while the last one did not fail.</summary>
    private protected string? TraceId { get; private set; }

    /// <summary>Until when what is shown was so.</summary>
    private protected DateTimeOffset KnownAt => !_failed && News.AwaySince is { } since && since > _readAt ? since : _readAt;

    private protected bool MayRead => Viewer.May(AskRights.ReadLog);
    private protected CancellationToken Gone => _gone.Token;

    /// <summary>Reads what the page shows; what it throws is trouble and tried again.</summary>
    private protected abstract Task LoadAsync(CancellationToken token);

    /// <summary>Drops what was read: it is of something else, or may not be seen any more.</summary>
    private protected virtual void Forget() => Known = false;

    /// <summary>Something on the page changes by itself each second.</summary>
    private protected virtual bool Moves => false;

    /// <summary>Numbers of copies moved; changes are read anew by the page.</summary>
    private protected virtual void Take(IReadOnlyList<CopyNews> copies) { }

    /// <summary>A text of the address as it may be asked for; null when there is none, or when it is strange.</summary>
    private protected static string? Plain(string? text, int most = LongestText) =>
        text is { Length: > 0 } && text.Length <= most && !text.Any(char.IsControl) ? text : null;

    /// <summary>Whether the address has a text that nothing here can be called.</summary>
    private protected static bool IsStrange(string? text, int most = LongestText) => text is { Length: > 0 } && Plain(text, most) is null;

    /// <summary>Reads a page of a list from where the address says; from its beginning when that was never given.</summary>
    private protected async Task<T> FromAsync<T>(string? after, Func<string?, Task<T>> read)
    {
        try
        {
            var page = await read(Plain(after, LongestText * 2));
            IsMisread = IsStrange(after, LongestText * 2);
            return page;
        }
        catch (ArgumentException) when (after is not null)
        {
            var first = await read(null);
            IsMisread = true;
            return first;
        }
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender)
            return;
        _live = true;
        _wasAway = News.AwaySince is not null;
        News.Came += OnNewsAsync;
        News.Ticked += OnTickAsync;
        Viewer.Moved += OnMoved;
        await ReadAsync();
    }

    /// <summary>Parameters changed: another page of the list, another entry.</summary>
    protected override Task OnParametersSetAsync()
    {
        _asked++;
        return _live ? ReadAsync() : Task.CompletedTask;
    }

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
            } while ((_again || _failed) && !_gone.IsCancellationRequested);
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
        using var trace = WebTrace.Begin(GetType().Name);
        try
        {
            if (_failed)
                await Task.Delay(Retry, Viewer.Time, Gone);
            if (MayRead)
                await LookAsync();
            if (!MayRead)
                Forget();
            (_failed, IsBroken, TraceId) = (false, false, null);
        }
        catch (Exception fault) when (!_gone.IsCancellationRequested)
        {
            if (!_failed)
            {
                TraceId = WebTrace.Of(trace);
                LogNotRead(Logger, GetType().Name, TraceId, fault);
            }
            (_failed, IsBroken) = (true, !ConsoleRequests.IsAway(fault));
        }
    }

    private async Task LookAsync()
    {
        await News.StartAsync(Gone);
        var (at, asked) = (Viewer.Now, _asked);
        await LoadAsync(Gone);
        // An answer to what nobody asks any more says nothing of what is asked now.
        if (asked == _asked)
            (_readAt, Known) = (at, true);
    }

    private Task OnNewsAsync(LiveNews news) =>
        InvokeAsync(async () =>
        {
            var cameBack = _wasAway && News.AwaySince is null;
            _wasAway = News.AwaySince is not null;
            if (Known)
                Take(news.Copies);
            if (news.Changes.Count > 0 || cameBack || (Known && !MayRead))
                await ReadAsync();
            else
                StateHasChanged();
        });

    private Task OnTickAsync() => Moves ? InvokeAsync(StateHasChanged) : Task.CompletedTask;

    /// <summary>Times of the address are read in the zone too, and rights may be others.</summary>
    private void OnMoved() =>
        _ = InvokeAsync(() =>
        {
            StateHasChanged();
            return ReadAsync();
        });

    public virtual async ValueTask DisposeAsync()
    {
        News.Came -= OnNewsAsync;
        News.Ticked -= OnTickAsync;
        Viewer.Moved -= OnMoved;
        await _gone.CancelAsync();
        GC.SuppressFinalize(this);
    }

    [LoggerMessage(6400, LogLevel.Warning, "{Page} could not be read; it is tried again until it can (trace {TraceId})")]
    private static partial void LogNotRead(ILogger logger, string page, string traceId, Exception exception);
}
