using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Failback.Recorders;

/// <summary>
/// Tickets of one process: the end of their time, and a code over it and the items they open. Nothing is kept; a restart ends them all.
/// </summary>
internal sealed class ReadTickets(TimeProvider clock)
{
    private const int EndCharacters = 16;
    private const int KeyBytes = 32;
    private static readonly TimeSpan Lasting = TimeSpan.FromMinutes(1);
    private readonly byte[] key = RandomNumberGenerator.GetBytes(KeyBytes);

    public string Issue(Track track, IReadOnlyList<ItemEntry> items)
    {
        var end = (clock.GetUtcNow() + Lasting).UtcTicks;
        return end.ToString("x16", CultureInfo.InvariantCulture) + Code(end, track, items);
    }

    /// <summary>Whether a ticket opens exactly these items, now.</summary>
    public bool Opens(string ticket, Track track, IReadOnlyList<ItemEntry> items) =>
        ticket.Length > EndCharacters
        && long.TryParse(ticket.AsSpan(0, EndCharacters), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var end)
        && clock.GetUtcNow().UtcTicks < end
        && Wire.SameText(ticket[EndCharacters..], Code(end, track, items));

    private string Code(long end, Track track, IReadOnlyList<ItemEntry> items)
    {
        using var code = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        Span<byte> ticks = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(ticks, end);
        code.AppendData(ticks);
        foreach (var piece in Frames.Wanted(track, items))
            code.AppendData(piece.Span);
        return Convert.ToHexStringLower(code.GetHashAndReset());
    }
}
