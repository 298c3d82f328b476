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
        CoverageShade.Missing,
        CoverageShade.ToCome,
    ];

    private TimeWindow? _whole;
    private TimeWindow? _window;
    private IReadOnlyList<CoverageColumn> _overview = [];
    private IReadOnlyList<AxisTick> _ticks = [];
    private int _trouble;
    private bool _onlyTrouble;

    [Parameter, EditorRequired]
    public required IReadOnlyList<ChannelCopyView> Channels { get; set; }

    [Parameter]
    public bool More { get; set; }

    [Parameter]
    public EventCallback OnMore { get; set; }

    [Parameter]
    public bool MayFetch { get; set; }

    [Parameter]
    public EventCallback<FetchWish?> OnFetch { get; set; }

    private bool IsWhole => _window == _whole;
    private IEnumerable<ChannelCopyView> Shown => _onlyTrouble ? Channels.Where(Coverage.IsTrouble) : Channels;

    private string OverviewSays =>
        $"{Words.Coverage.Overview}: {Words.Log.Missing(Written.Count(Channels.Sum(x => x.MissingItems)))}, {Words.Log.Conflicts(Written.Count(Channels.Sum(x => x.Conflicts)))}";

    protected override void OnParametersSet()
    {
        var whole = Coverage.Whole(Channels);
        if (whole != _whole)
            (_whole, _window) = (whole, whole);
        _trouble = Channels.Count(Coverage.IsTrouble);
        _onlyTrouble &= _trouble > 0;
        if (_whole is null || _window is null)
            return;
        _overview = Coverage.Overview(Channels, _whole);
        _ticks = AxisTick.Of(_window, Written, 6);
    }

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
        $"{Written.Full(_whole!.At(column.X))} – {Written.Full(_whole.At(column.X + column.Width))}: "
        + $"{Words.Coverage.Home} {Written.Percent(column.Home)}, {Words.Coverage.Missing} {Written.Percent(column.Missing)}";

    /// <summary>What is missing is seen however few channels it is of.</summary>
    private static double Seen(double missing) => missing <= 0 ? 0 : Math.Max(0.2, missing) * 100;
}
