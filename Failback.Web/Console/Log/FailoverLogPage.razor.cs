using Failback.Saga;
using Microsoft.AspNetCore.Components;

namespace Failback.Web;

/// <summary>The failover log (R40-R48): active and finalised failovers. What narrows the list is in the address.</summary>
public partial class FailoverLogPage
{
    private const int Rows = 25;
    private static readonly TimeSpan Typing = TimeSpan.FromMilliseconds(300);
    private LogPage _page = new([], null, 0, 0, 0);
    private IReadOnlyList<CopySummary> _copies = [];
    private SystemView? _system;
    private ITimer? _typing;
    private string? _typed;
    private string? _asked;
    private DateTimeOffset? _from;
    private DateTimeOffset? _to;

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
    private bool IsNarrowed => Text is { Length: > 0 } || _from is not null || _to is not null;
    private protected override bool Moves => _page.Rows.Any(x => !x.Entry.Finalised);

    private protected override async Task LoadAsync(CancellationToken token)
    {
        (_from, _to) = (Written.FromField(From), Written.FromField(To));
        // What a person types meanwhile is not taken back by the answer to what they typed before.
        if (Text != _asked)
            (_typed, _asked) = (Text, Text);
        var query = new LogQuery
        {
            Finalised = Finalised,
            RecorderId = Recorder is { Length: > 0 } ? Recorder : null,
            Text = Text is { Length: > 0 } ? Text[..Math.Min(Text.Length, 128)] : null,
            From = _from,
            To = _to,
            After = After,
            Limit = Rows,
        };
        _page = await Read.LogPageAsync(query, token);
        _copies = await Read.RunningCopiesAsync(token);
        _system = await Read.SystemAsync(token);
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
                ["recorder"] = (recorder ?? Recorder) is { Length: > 0 } id ? id : null,
                ["text"] = _typed is { Length: > 0 } ? _typed : null,
                ["from"] = From is { Length: > 0 } ? From : null,
                ["to"] = To is { Length: > 0 } ? To : null,
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
