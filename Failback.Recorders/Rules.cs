using System.Text;

namespace Failback.Recorders;

/// <summary>What the values of the port may be. Each question is answered with what is wrong, in words, or null.</summary>
internal static class Rules
{
    public const int DigestCharacters = 32;
    private const int NameCharacters = 4_000;

    public static string? WhyWrong(Track? track) =>
        track is null ? "track: missing"
        : WhyWrongRecorderId(track.OriginRecorderId) is { } origin ? $"track.originRecorderId: {origin}"
        : !Enum.IsDefined(track.Kind) ? $"track.kind: one of {string.Join(", ", Enum.GetNames<TrackKind>())}"
        : WhyWrongText(track.TrackId, Limits.TrackIdCharacters) is { } id ? $"track.trackId: {id}"
        : null;

    public static string? WhyWrong(TrackPeriod? period) =>
        period is null ? "period: missing"
        : WhyWrong(period.Track) is { } track ? track
        : period.To < period.From ? "to: not before from"
        : null;

    public static string? WhyWrong(ItemEntry? entry) => WhyWrongEntry(entry, Digests.Parse(entry?.Digest));

    /// <param name="digest">The number that its digest says; null when that says none.</param>
    public static string? WhyWrongEntry(ItemEntry? entry, UInt128? digest) =>
        entry is null ? "item: missing"
        : entry.Length is < 0 or > Limits.ItemBytes ? $"item.length: 0 to {Limits.ItemBytes} bytes"
        : entry.Duration < TimeSpan.Zero || entry.Duration > Limits.ItemDuration
            ? $"item.duration: 0 to {Limits.ItemDuration.TotalHours} hours"
        : entry.Start > DateTimeOffset.MaxValue - Limits.ItemDuration ? "item.start: a day before the end of time at most"
        : digest is null ? "item.digest: 32 lower-case hexadecimal digits"
        : entry.SourceRecorderId is { } source && WhyWrongRecorderId(source) is { } why ? $"item.sourceRecorderId: {why}"
        : entry.EntryId == Guid.Empty ? "item.entryId: not empty"
        : null;

    public static string? WhyWrong(RestoreAttempt? attempt) =>
        attempt is null ? "attempt: missing"
        : attempt.EntryId == Guid.Empty ? "attempt.entryId: not empty"
        : attempt.Attempt < 0 ? "attempt.attempt: 0 or more"
        : null;

    public static string? WhyWrong(Hold? hold) =>
        hold is null ? "hold: missing"
        : hold.HoldId == Guid.Empty ? "hold.holdId: not empty"
        : WhyWrongRecorderId(hold.OriginRecorderId) is { } origin ? $"hold.originRecorderId: {origin}"
        : hold.To < hold.From ? "hold.to: not before from"
        : null;

    public static string? WhyWrong(Channel? channel) =>
        channel is null ? "channel: missing"
        : WhyWrongText(channel.TrackId, Limits.TrackIdCharacters) is { } id ? $"channel.trackId: {id}"
        : channel.Name is null || channel.Name.Length > NameCharacters ? $"channel.name: at most {NameCharacters} characters"
        : channel.Kinds is null || channel.Kinds.Any(x => !Enum.IsDefined(x)) || channel.Kinds.Distinct().Count() != channel.Kinds.Count
            ? "channel.kinds: known kinds, each once"
        : null;

    public static string? WhyWrong(ItemSource? source) =>
        source is null ? "source: missing"
        : WhyWrongRecorderId(source.RecorderId) is { } id ? $"source.recorderId: {id}"
        : WhyWrongText(source.Address, Limits.AddressCharacters) is { } address ? $"source.address: {address}"
        : WhyWrongTicket(source.Ticket) is { } ticket ? $"source.{ticket}"
        : null;

    public static string? WhyWrongTicket(string? ticket) =>
        ticket is { Length: >= 1 and <= Limits.TicketCharacters } && ticket.All(x => x is > ' ' and <= '~')
            ? null
            : $"ticket: 1 to {Limits.TicketCharacters} visible ASCII characters";

    public static string? WhyWrongLimit(int limit) => limit is < 1 or > Limits.ItemsPerPage ? $"limit: 1 to {Limits.ItemsPerPage}" : null;

    public static string? WhyWrongSpanLimit(int limit) =>
        limit is < 1 or > Limits.SpansPerPage ? $"limit: 1 to {Limits.SpansPerPage}" : null;

    public static string? WhyWrongBuckets(int buckets) =>
        buckets is < 1 or > Limits.BucketsPerRequest ? $"buckets: 1 to {Limits.BucketsPerRequest}" : null;

    public static string? WhyWrong(BucketDigest? sum) =>
        sum is null ? "bucket: missing"
        : sum.Items < 0 || sum.Bytes < 0 || sum.Overlaps < 0 || sum.Overlaps > sum.Items ? "bucket: no less than nothing"
        : Digests.Parse(sum.Digest) is null ? "bucket.digest: 32 lower-case hexadecimal digits"
        : null;

    public static string? WhyWrong(CopiedSpan? span) =>
        span is null ? "span: missing"
        : span.To <= span.From ? "span.to: after from"
        : span.Items is < 1 or > Limits.ItemsPerPage ? $"span.items: 1 to {Limits.ItemsPerPage}"
        : span.Bytes < 0 || span.Bytes > span.Items * Limits.ItemBytes ? $"span.bytes: at most {Limits.ItemBytes} an item"
        : WhyWrongRecorderId(span.SourceRecorderId) is { } source ? $"span.sourceRecorderId: {source}"
        : span.EntryId == Guid.Empty ? "span.entryId: not empty"
        : Digests.Parse(span.Digest) is null ? "span.digest: 32 lower-case hexadecimal digits"
        : null;

    public static string? WhyWrongRecorderId(string? id) => WhyWrongText(id, Limits.RecorderIdCharacters);

    /// <summary>Text that is an identity: any Unicode, but whole; half a surrogate pair would come back as another character.</summary>
    private static string? WhyWrongText(string? text, int characters)
    {
        if (string.IsNullOrEmpty(text) || text.Length > characters)
            return $"1 to {characters} characters";
        for (var rest = text.AsSpan(); rest.Length > 0; )
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var used) != System.Buffers.OperationStatus.Done)
                return "well-formed Unicode";
            rest = rest[used..];
        }
        return null;
    }

    /// <summary>Words from outside go into messages and logs cut, and without what a terminal or a log would obey (T18).</summary>
    public static string Readable(string? text, int characters) =>
        string.Concat(
            (text ?? "")
                .Take(characters)
                .Select(x => char.IsControl(x) || char.GetUnicodeCategory(x) == System.Globalization.UnicodeCategory.Format ? ' ' : x)
        );

    /// <summary>Refuses what is wrong in a request.</summary>
    /// <exception cref="RecorderException">BadRequest, naming the field and what is allowed.</exception>
    public static void Require(string? whyWrong)
    {
        if (whyWrong is not null)
            throw new RecorderException(RecorderFault.BadRequest, whyWrong);
    }

    /// <summary>Whether an item meets a half-open period: a segment with any instant of it, a record with its own (D8).</summary>
    public static bool Meets(this TrackPeriod period, DateTimeOffset start, DateTimeOffset end) =>
        start < period.To && period.From < period.To && (end > period.From || start == end && start == period.From);
}

/// <summary>XxHash128 digests between their text and their number; both have the same order.</summary>
internal static class Digests
{
    private static readonly System.Buffers.SearchValues<char> Hexadecimal = System.Buffers.SearchValues.Create("0123456789abcdef");

    public static UInt128? Parse(string? text)
    {
        Span<byte> bytes = stackalloc byte[Rules.DigestCharacters / 2];
        return
            text is { Length: Rules.DigestCharacters }
            && !text.AsSpan().ContainsAnyExcept(Hexadecimal)
            && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done
            ? System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes)
            : null;
    }

    public static string Text(UInt128 digest)
    {
        Span<byte> bytes = stackalloc byte[Rules.DigestCharacters / 2];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, digest);
        return Convert.ToHexStringLower(bytes);
    }
}
