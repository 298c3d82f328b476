using System.Globalization;
using System.Text.RegularExpressions;
using Failback.Messages;
using Failback.Saga;
using Microsoft.AspNetCore.Components;

namespace Failback.Web;

/// <summary>What copying may take (D13), of the site or of one recorder; hours are judged by the door, which names what is allowed.</summary>
public partial class LimitsDialog
{
    private const double Mega = 1_000_000;
    private const double LeastRate = 0.1;
    private const double MostRate = 1_000_000;
    private string? _rate;
    private string? _channels;
    private string? _hours;
    private bool _wrongRate;
    private bool _wrongChannels;
    private bool _reading;

    [Inject]
    internal IRead Read { get; set; } = null!;

    [Parameter, EditorRequired]
    public required CopyLimitsView Limits { get; set; }

    private protected override string Right => AskRights.ControlCopy;

    /// <summary>As the fields were filled; what nobody edited is not changed.</summary>
    private (string? Rate, string? Channels, string? Hours) Filled =>
        (
            Limits.MaxBytesPerSecond is { } rate
                ? (rate / Mega).ToString("0.######", CultureInfo.InvariantCulture).Replace('.', Words.Units.Decimal)
                : null,
            Limits.ChannelsAtOnce?.ToString(CultureInfo.InvariantCulture),
            Limits.Hours
        );

    protected override void OnInitialized()
    {
        base.OnInitialized();
        (_rate, _channels, _hours) = Filled;
    }

    private async Task SaveAsync()
    {
        var (rate, channels, filled) = (RateOf(_rate), ChannelsOf(_channels), Filled);
        var (newRate, newChannels) = (IsEdited(_rate, filled.Rate), IsEdited(_channels, filled.Channels));
        _wrongRate = newRate && rate is null && !string.IsNullOrWhiteSpace(_rate);
        _wrongChannels = newChannels && channels is null && !string.IsNullOrWhiteSpace(_channels);
        if (_wrongRate || _wrongChannels || _reading || await NowAsync() is not { } now)
            return;
        var hours = string.IsNullOrWhiteSpace(_hours) ? null : _hours.Trim();
        var request = new SetCopyLimits
        {
            RequestId = default,
            RecorderId = Limits.RecorderId,
            // The request says all three: what nobody edited here may have been changed by somebody else since.
            MaxBytesPerSecond = newRate ? rate : now.MaxBytesPerSecond,
            ChannelsAtOnce = newChannels ? channels : now.ChannelsAtOnce,
            Hours = IsEdited(_hours, filled.Hours) ? hours : now.Hours,
            RequestedBy = Viewer.Asker.Name,
            Roles = [],
        };
        await AskAsync(Words.Limits.Change, request);
    }

    /// <summary>The limits as they are now; null when they cannot be read, and the dialog says so.</summary>
    private async Task<CopyLimitsView?> NowAsync()
    {
        _reading = true;
        try
        {
            CopyLimitsView? now = null;
            await TryAsync(
                async () => now = MayBeHere ? await Read.CopyLimitsAsync(Limits.RecorderId, Gone) : null,
                isAway => new Said(isAway ? Words.Frame.Trouble.What : Words.Frame.Unread.What, Words.Actions.NothingAsked)
            );
            return now;
        }
        finally
        {
            _reading = false;
        }
    }

    private static bool IsEdited(string? text, string? filled) => (text ?? "").Trim() != (filled ?? "").Trim();

    /// <summary>Whether a separator could be one of thousands: 1,000 is a thousand to some and one to others, so it is not guessed.</summary>
    internal static bool IsGrouped(string? text) => Grouped().IsMatch((text ?? "").Trim());

    [GeneratedRegex(@"^[1-9][0-9]{0,2}([.,' \u00a0\u202f][0-9]{3})+([.,][0-9]*)?$")]
    private static partial Regex Grouped();

    /// <summary>MB a second with a dot or a comma, as bytes a second; null when it is none.</summary>
    internal static long? RateOf(string? text) =>
        !IsGrouped(text)
        && double.TryParse(
            (text ?? "").Trim().Replace(',', '.'),
            NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture,
            out var rate
        )
        && rate is >= LeastRate and <= MostRate
            ? (long)Math.Round(rate * Mega)
            : null;

    internal static int? ChannelsOf(string? text) =>
        int.TryParse((text ?? "").Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var channels) && channels is >= 1 and <= 64
            ? channels
            : null;
}
