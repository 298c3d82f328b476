using Failback.Saga;
using Microsoft.AspNetCore.Components;

namespace Failback.Web;

/// <summary>The failover log (R40-R48): active and finalised failovers. What narrows the list is in the address.</summary>
public partial class FailoverLogPage
{
    private const int Rows = 25;
    private static readonly TimeSpan Typing = TimeSpan.FromMilliseconds(300);
    private LogQuery _shown = new();
    private LogPage _page = new([], null, 0, 0, 0);
    private IReadOnlyList<CopySummary> _copies = [];
    private SystemView? _system;
    private ITimer? _typing;
    private string? _typed;
    private string? _asked;

    [SupplyParameterFromQuery(Name = "list")]
    public string? List { get; set; }

    [SupplyParameterFromQuery(Name = "recorder")]
    public string? Recorder { get; set; }

    [SupplyParameterFromQuery(Name = "text")]
    public string? Text { get; set; }

    [SupplyParameterFromQuery(Name = "from")]
    public string? From { get; set; }

    [SupplyParameterFromQuery(Name = "to")]
    public string? To { get; set; }

    [SupplyParameterFromQuery(Name = "after")]
    public string? After { get; set; }

    private bool Finalised => List == "finalised";

    /// <summary>Of which list the shown rows are, whatever is asked for meanwhile.</summary>
    private bool IsFinalised => _shown.Finalised == true;
    private bool IsNarrowed => _shown is { Text: not null } or { From: not null } or { To: not null };

    /// <summary>Something in the address is left out.</summary>
    private bool HasStrange => IsMisread || IsStrange(Text) || IsStrange(Recorder) || IsNoTime(From) || IsNoTime(To);
    private protected override bool Moves => _page.Rows.Any(x => !x.Entry.Finalised);

    private protected override async Task LoadAsync(CancellationToken token)
    {
        // What a person types meanwhile is not taken back by the answer to what they typed before.
        if (Text != _asked)
            (_typed, _asked) = (Plain(Text), Text);
        var (query, after) = (Asked(), After);
        var page = await FromAsync(after, x => Read.LogPageAsync(query with { After = x }, token));
        var copies = await Read.RunningCopiesAsync(token);
        var system = await Read.SystemAsync(token);
        // What was found is never shown as what somebody looks for by now.
        if (query == Asked() && after == After)
            (_shown, _page, _copies, _system) = (query, page, copies, system);
    }

    private LogQuery Asked() =>
        new()
        {
            Finalised = Finalised,
            RecorderId = Plain(Recorder),
            Text = Plain(Text),
            From = Written.FromField(From),
            To = Written.FromField(To),
            Limit = Rows,
        };

    private bool IsNoTime(string? text) => text is { Length: > 0 } && Written.FromField(text) is null;

    private protected override void Forget()
    {
        base.Forget();
        (_shown, _page, _copies, _system) = (new(), new([], null, 0, 0, 0), [], null);
    }

    private protected override void Take(IReadOnlyList<CopyNews> copies)
    {
        if (copies.Count == 0)
            return;
        var news = CopyFigures.ById(copies);
        _page = _page with
        {
            Rows =
            [
                .. _page.Rows.Select(x =>
                    x.Copy is { } copy && news.TryGetValue(copy.MaterialCopyId, out var now) ? x with { Copy = now } : x
                ),
            ],
        };
        _copies = [.. _copies.Select(x => news.GetValueOrDefault(x.MaterialCopyId, x))];
    }

    /// <summary>The page is asked for when typing stops.</summary>
    private void Typed(object? value)
    {
        _typed = value as string;
        _typing?.Dispose();
        _typing = Viewer.Time.CreateTimer(_ => _ = InvokeAsync(Search), null, Typing, Timeout.InfiniteTimeSpan);
    }

    private void Search()
    {
        _asked = _typed is { Length: > 0 } ? _typed : null;
        Navigation.NavigateTo(With(after: ""), replace: true);
    }

    private void Narrow(object? value, bool from)
    {
        if (from)
            From = value as string;
        else
            To = value as string;
        Search();
    }

    private void Clear()
    {
        (_typed, From, To) = (null, null, null);
        Search();
    }

    /// <summary>The address of the page with something changed; a change begins at the first page.</summary>
    private string With(bool? finalised = null, string? recorder = null, string? after = null) =>
        Navigation.GetUriWithQueryParameters(
            Navigation.ToAbsoluteUri("").ToString(),
            new Dictionary<string, object?>
            {
                ["list"] = finalised ?? Finalised ? "finalised" : null,
                ["recorder"] = Plain(recorder ?? Recorder),
                ["text"] = Plain(_typed),
                ["from"] = IsNoTime(From) || From is not { Length: > 0 } ? null : From,
                ["to"] = IsNoTime(To) || To is not { Length: > 0 } ? null : To,
                ["after"] = after is { Length: > 0 } ? after : null,
            }
        );

    public override ValueTask DisposeAsync()
    {
        _typing?.Dispose();
        GC.SuppressFinalize(this);
        return base.DisposeAsync();
    }
}
