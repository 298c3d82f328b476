using Failback.Saga;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Failback.Web;

/// <summary>What of each channel is home: all of it first, then as near as somebody looks. The table beside the pictures says the same in numbers.</summary>
public partial class CoveragePicture
{
    private static readonly CoverageShade[] Shades =
    [
        CoverageShade.Had,
        CoverageShade.Copied,
        CoverageShade.Home,
        CoverageShade.Nothing,
        CoverageShade.Missing,
        CoverageShade.Conflict,
        CoverageShade.ToCome,
    ];

    private TimeWindow? _whole;
    private TimeWindow? _window;
    private IReadOnlyList<CoverageColumn> _overview = [];
    private IReadOnlyList<AxisTick> _ticks = [];
    private IReadOnlyList<ChannelCopyView>? _read;
    private Dictionary<Guid, PaceMeter> _paces = [];
    private long _readAt;
    private int _trouble;
    private bool _onlyTrouble;

    [Parameter, EditorRequired]
    public required IReadOnlyList<ChannelCopyView> Channels { get; set; }

    /// <summary>What the channel copies are of; its sums are the totals, whatever is shown.</summary>
    [Parameter]
    public CopySummary? Copy { get; set; }

    /// <summary>Channel copies before those that are shown.</summary>
    [Parameter]
    public int First { get; set; }

    /// <summary>There are channel copies after those that are shown.</summary>
    [Parameter]
    public bool More { get; set; }

    [Parameter]
    public EventCallback OnMore { get; set; }

    [Parameter]
    public EventCallback OnBack { get; set; }

    [Parameter]
    public bool MayFetch { get; set; }

    [Parameter]
    public EventCallback<FetchWish?> OnFetch { get; set; }

    /// <summary>Given-up channel copies may be tried again one by one.</summary>
    [Parameter]
    public bool MayRetry { get; set; }

    private bool IsWhole => _window == _whole;
    private bool Ended => CopyFigures.HasEnded(Copy);
    private bool IsAll => First == 0 && !More;
    private IEnumerable<ChannelCopyView> Shown => _onlyTrouble ? Channels.Where(x => Coverage.IsTrouble(x, Ended)) : Channels;

    /// <summary>Which of how many: a page of them never passes for all.</summary>
    private string ShownOf =>
        IsAll
            ? Words.Coverage.Overview
            : Words.Coverage.ShownOf(
                $"{Written.Count(First + 1)}–{Written.Count(First + Channels.Count)}",
                Written.Count(Math.Max(Copy?.ChannelCopies ?? 0, First + Channels.Count))
            );

    private string OverviewSays =>
        $"{ShownOf}: {Words.Log.Missing(Written.Count(Channels.Sum(x => Coverage.MissingItems(x, Ended))))}, {Words.Log.Conflicts(Written.Count(Channels.Sum(x => x.Conflicts)))}";

    protected override void OnParametersSet()
    {
        var whole = Coverage.Whole(Channels);
        if (whole != _whole)
            (_whole, _window) = (whole, whole);
        _trouble = Channels.Count(x => Coverage.IsTrouble(x, Ended));
        _onlyTrouble &= _trouble > 0;
        See();
        if (_whole is null || _window is null)
            return;
        _overview = Coverage.Overview(Channels, _whole, Ended);
        _ticks = AxisTick.Of(_window, Written, 6);
    }

    /// <summary>Each reading of the page moves the paces; drawing it again does not.</summary>
    private void See()
    {
        if (ReferenceEquals(_read, Channels))
            return;
        (_read, _readAt) = (Channels, Viewer.Time.GetTimestamp());
        var at = TimeSpan.FromSeconds((double)_readAt / Viewer.Time.TimestampFrequency);
        var paces = new Dictionary<Guid, PaceMeter>();
        foreach (var channel in Channels)
        {
            var pace = _paces.GetValueOrDefault(channel.ChannelCopyId) ?? new();
            pace.See(at, channel.Status == "Copying" && Copy?.Status == "Copying", Coverage.BytesDone(channel), channel.PlannedBytes);
            paces[channel.ChannelCopyId] = pace;
        }
        _paces = paces;
    }

    /// <summary>Null also when the page has not read for so long that it would be of another time.</summary>
    private CopyPace? PaceOf(ChannelCopyView channel) =>
        Viewer.Time.GetElapsedTime(_readAt) < PaceMeter.Window ? _paces.GetValueOrDefault(channel.ChannelCopyId)?.Pace : null;

    private void Show(TimeWindow window)
    {
        _window = window;
        _ticks = AxisTick.Of(window, Written, 6);
    }

    private void Zoom(double factor) => Show(_window!.Zoomed(factor, _whole!));

    private void Move(double part) => Show(_window!.Moved(part, _whole!));

    private void OnKey(KeyboardEventArgs key)
    {
        if (_window is null || key is { CtrlKey: true } or { MetaKey: true } or { AltKey: true })
            return;
        switch (key.Key)
        {
            case "+" or "=":
                Zoom(0.5);
                break;
            case "-":
                Zoom(2);
                break;
            case "ArrowLeft":
                Move(-0.25);
                break;
            case "ArrowRight":
                Move(0.25);
                break;
            case "0" or "Home":
                Show(_whole!);
                break;
        }
    }

    private static string P(double percent) => percent.ToString("0.###");

    private string Says(CoverageColumn column) =>
        $"{Written.Span(_whole!.At(column.X), _whole.At(column.X + column.Width))}: "
        + $"{Words.Coverage.Home} {Written.Percent(column.Home)}, {Words.Coverage.Missing} {Written.Percent(column.Missing)}"
        + (column.Conflict > 0 ? $", {Words.Coverage.Conflict}" : "");

    /// <summary>What is missing is seen however few channels it is of.</summary>
    private static double Seen(double missing) => missing <= 0 ? 0 : Math.Max(0.2, missing) * 100;
}
