using System.Globalization;
using Failback.Messages;
using Failback.Saga;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace Failback.Web;

/// <summary>What copying may take (D13), of the site or of one recorder; hours are judged by the door, which names what is allowed.</summary>
public partial class LimitsDialog : IDisposable
{
    private const double Mega = 1_000_000;
    private const double LeastRate = 0.1;
    private const double MostRate = 1_000_000;
    private readonly CancellationTokenSource _gone = new();
    private string? _rate;
    private string? _channels;
    private string? _hours;
    private bool _wrongRate;
    private bool _wrongChannels;
    private bool _asking;
    private Answer? _answer;
    private MudButton? _close;

    [CascadingParameter]
    private IMudDialogInstance Dialog { get; set; } = null!;

    [Inject]
    internal ConsoleRequests Requests { get; set; } = null!;

    [Parameter, EditorRequired]
    public required CopyLimitsView Limits { get; set; }

    protected override void OnInitialized()
    {
        _rate = Limits.MaxBytesPerSecond is { } rate
            ? (rate / Mega).ToString("0.######", CultureInfo.InvariantCulture).Replace('.', Words.Units.Decimal)
            : null;
        _channels = Limits.ChannelsAtOnce?.ToString(CultureInfo.InvariantCulture);
        _hours = Limits.Hours;
    }

    private async Task SaveAsync()
    {
        var (rate, channels) = (RateOf(_rate), ChannelsOf(_channels));
        _wrongRate = rate is null && !string.IsNullOrWhiteSpace(_rate);
        _wrongChannels = channels is null && !string.IsNullOrWhiteSpace(_channels);
        if (_wrongRate || _wrongChannels)
            return;
        _asking = true;
        var request = new SetCopyLimits
        {
            RequestId = default,
            RecorderId = Limits.RecorderId,
            MaxBytesPerSecond = rate,
            ChannelsAtOnce = channels,
            Hours = string.IsNullOrWhiteSpace(_hours) ? null : _hours.Trim(),
            RequestedBy = Viewer.Asker.Name,
            Roles = Viewer.Asker.Roles,
        };
        _answer = await Requests.AskAsync(Words.Limits.Change, request, Guid.NewGuid(), _gone.Token);
        _asking = false;
        if (_answer.Done && _close is not null)
            await _close.FocusAsync();
    }

    /// <summary>MB a second with a dot or a comma, as bytes a second; null when it is none.</summary>
    internal static long? RateOf(string? text) =>
        double.TryParse((text ?? "").Trim().Replace(',', '.'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate)
        && rate is >= LeastRate and <= MostRate
            ? (long)Math.Round(rate * Mega)
            : null;

    internal static int? ChannelsOf(string? text) =>
        int.TryParse((text ?? "").Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var channels) && channels is >= 1 and <= 64
            ? channels
            : null;

    public void Dispose()
    {
        _gone.Cancel();
        GC.SuppressFinalize(this);
    }
}
