using Failback.Messages;

namespace Failback.Worker;

/// <summary>Bounds that several messages share; a refusal names the member and what is allowed.</summary>
internal static class MessageBounds
{
    public const int RecorderIdCharacters = 128;
    public const int AddressCharacters = 512;

    public static bool Fits(string? text, int most) => !string.IsNullOrEmpty(text) && text.Length <= most;

    public static string? Refusal(string member, RecorderAddress? address)
    {
        if (address is null)
            return $"{member}: must be given";
        if (!Fits(address.RecorderId, RecorderIdCharacters))
            return $"{member}.RecorderId: 1 to {RecorderIdCharacters} characters";
        return Fits(address.Address, AddressCharacters) ? null : $"{member}.Address: 1 to {AddressCharacters} characters";
    }

    /// <summary>Periods are half open, UTC, and not empty (D8).</summary>
    public static string? Refusal(DateTimeOffset from, DateTimeOffset to)
    {
        if (from.Offset != TimeSpan.Zero)
            return "From: must be UTC";
        if (to.Offset != TimeSpan.Zero)
            return "To: must be UTC";
        return from < to ? null : "To: must be after From";
    }
}
