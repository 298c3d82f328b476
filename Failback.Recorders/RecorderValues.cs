namespace Failback.Recorders;

/// <summary>The role a recorder says it has (live role, D2).</summary>
public enum LiveRole
{
    /// <summary>Records channels: a normal recorder, or a failover server that stands in.</summary>
    Recorder = 1,

    /// <summary>On standby.</summary>
    FailoverServer = 2,

    /// <summary>Repaired or not, but not taking part: mute (D16).</summary>
    Broken = 3,
}

/// <summary>Optional abilities, advertised in the status.</summary>
[Flags]
public enum RecorderFeatures
{
    None = 0,

    /// <summary>It sums up what it has, so that two recorders that agree are compared without listing.</summary>
    BucketDigests = 1,
    Sha256 = 2,
    Holds = 4,

    /// <summary>The target pulls a slice straight from the source on the worker's order.</summary>
    CopyFrom = 8,

    /// <summary>It says of what was copied where it came from, for which failover, and when.</summary>
    Provenance = 16,

    /// <summary>It issues tickets with which another recorder reads some items and nothing else.</summary>
    Tickets = 32,
}

/// <summary>What a recorder says about itself.</summary>
public sealed record RecorderStatus
{
    /// <summary>Its identity; checked before settings or credentials are sent.</summary>
    public required string RecorderId { get; init; }
    public required string Name { get; init; }
    public required LiveRole Role { get; init; }
    public required bool Recording { get; init; }

    /// <summary>Its clock, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Software version as <c>major.minor.patch</c>; the major must match for settings to be taken (D18).</summary>
    public required string Version { get; init; }

    /// <summary>The settings format that it reads and writes (D18).</summary>
    public required string SettingsFormat { get; init; }

    /// <summary>Storages and drivers that it has; settings naming another one are incompatible (D18).</summary>
    public IReadOnlyList<string> Storages { get; init; } = [];
    public IReadOnlyList<string> Drivers { get; init; } = [];
    public RecorderFeatures Features { get; init; }

    /// <summary>The newest attempt that it has seen for its current entry; null when none.</summary>
    public RestoreAttempt? LastAttempt { get; init; }

    /// <summary>Bytes free for recording.</summary>
    public long FreeBytes { get; init; }

    /// <summary>The longest that writing its own recording took of late, about ten seconds back, in seconds; null when it does not say.</summary>
    public double? WriteSeconds { get; init; }

    /// <summary>Live frames that it had to drop since it started; null when it does not say.</summary>
    public long? Dropped { get; init; }
}

/// <summary>
/// One try of one failback at a recorder: attempts of an entry grow, an older one is refused. Two are the same when entry and number are.
/// </summary>
public sealed record RestoreAttempt(Guid EntryId, int Attempt)
{
    /// <summary>
    /// When the entry's failover began, UTC; null when the caller does not say. Where two say it, a restore for the earlier failover is over,
    /// also when the recorder never saw it before; of two that began at once, the one whose entry id is the greater as text is the later.
    /// </summary>
    public DateTimeOffset? FailoverStartedAt { get; init; }

    public bool Equals(RestoreAttempt? other) => other is not null && EntryId == other.EntryId && Attempt == other.Attempt;

    public override int GetHashCode() => HashCode.Combine(EntryId, Attempt);
}

/// <summary>The settings of a recorder as one document: settings, configuration files, masks and schedules.</summary>
/// <param name="Bytes">At most <see cref="Limits.SettingsBytes"/>; JSON of <see cref="SettingsDocument"/>.</param>
public sealed record RecorderSettings(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>SHA-256 of the bytes, 64 lower-case hexadecimal digits.</summary>
    public string Digest { get; } = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Bytes.Span));
}

/// <summary>What a material item is; a channel has several.</summary>
public enum TrackKind
{
    Audio = 1,
    Video = 2,
    Text = 3,
    Metadata = 4,
    Anpr = 5,
    Alarm = 6,
}

/// <summary>What follows from a kind.</summary>
public static class TrackKinds
{
    /// <summary>
    /// ANPR and alarm tracks hold records, the others segments. Two records of one instant are two records;
    /// two segments of one start and different content are a conflict (D17).
    /// </summary>
    public static bool HoldsRecords(this TrackKind kind) => kind is TrackKind.Anpr or TrackKind.Alarm;
}

/// <summary>One data kind of one channel (or alarm id) of the recorder that owns it.</summary>
/// <param name="OriginRecorderId">Whose channel it is: a failover server holds several recorders' channels.</param>
/// <param name="TrackId">Stable channel or alarm id, 1 to 4,000 characters; never used as a path.</param>
public sealed record Track(string OriginRecorderId, TrackKind Kind, string TrackId);

/// <summary>A channel or alarm id, and what a recorder holds of it: no kinds when it is set up but empty (F14).</summary>
/// <param name="Number">The place people know it by; not an identity (F14).</param>
public sealed record Channel(string TrackId, string Name, int Number, IReadOnlyList<TrackKind> Kinds);

/// <summary>A track and a half-open UTC period of it.</summary>
public sealed record TrackPeriod(Track Track, DateTimeOffset From, DateTimeOffset To);

/// <summary>An item as listed: a segment of audio, video, text or metadata, or one ANPR or alarm record.</summary>
/// <param name="Start">UTC.</param>
/// <param name="Length">Bytes of the content.</param>
/// <param name="Duration">Zero for a record.</param>
/// <param name="Digest">XxHash128 of the content, 32 lower-case hexadecimal digits.</param>
/// <param name="SourceRecorderId">Null for the recorder's own recording, else the failover server it was copied from.</param>
/// <param name="EntryId">On its way to a target: the entry of the failover log that it comes home for. Listings leave it out.</param>
public sealed record ItemEntry(
    DateTimeOffset Start,
    TimeSpan Duration,
    long Length,
    string Digest,
    string? SourceRecorderId = null,
    bool Overlap = false,
    Guid? EntryId = null
)
{
    public DateTimeOffset End => Start + Duration;
}

/// <summary>One page of a listing; <see cref="Next"/> is null on the last.</summary>
public sealed record ItemPage(IReadOnlyList<ItemEntry> Items, string? Next);

/// <summary>All items of a track that start in a bucket of a period, summed up; two recorders with the same sum have the same items.</summary>
/// <param name="Bytes">Of the contents.</param>
/// <param name="Overlaps">Those that overlap the recorder's own recording (D17).</param>
/// <param name="Digest">
/// XxHash128 over start, duration, length and digest of each item in the order of the listing: the first 40 bytes of its entry in a frame.
/// 32 lower-case hexadecimal digits.
/// </param>
public sealed record BucketDigest(long Items, long Bytes, long Overlaps, string Digest);

/// <summary>Neighbours of a track that came home together: from where, for which failover, when, and what they are.</summary>
/// <param name="From">UTC: the start of the first item.</param>
/// <param name="To">UTC: the latest end of an item, and one tick after a record.</param>
/// <param name="Bytes">Of the contents.</param>
/// <param name="EntryId">The entry of the failover log; null when the writer did not say.</param>
/// <param name="At">UTC, cut to a minute or finer: when they became durable, by the recorder's clock.</param>
/// <param name="Digest">XxHash128 over the items' digests, 16 bytes each, in the order of the listing; 32 lower-case hexadecimal digits.</param>
public sealed record CopiedSpan(
    DateTimeOffset From,
    DateTimeOffset To,
    long Items,
    long Bytes,
    string SourceRecorderId,
    Guid? EntryId,
    DateTimeOffset At,
    string Digest
);

/// <summary>One page of spans; <see cref="Next"/> is null on the last. A span ends where its page ends.</summary>
public sealed record CopiedPage(IReadOnlyList<CopiedSpan> Spans, string? Next);

/// <summary>An item on its way. The content streams <see cref="ItemEntry.Length"/> bytes and is valid until the next item is asked for.</summary>
public sealed record ItemContent(ItemEntry Entry, Stream Content);

/// <summary>Where a recorder fetches items by itself.</summary>
/// <param name="Address">As the worker reaches it.</param>
/// <param name="Ticket">Issued by the source for these items; it is a secret while it lasts.</param>
public sealed record ItemSource(string RecorderId, string Address, string Ticket)
{
    /// <summary>Never the ticket.</summary>
    public override string ToString() => RecorderId;
}

/// <summary>What a target did with an item.</summary>
public enum WriteResult
{
    Created = 1,

    /// <summary>Same track, start and digest: nothing was written.</summary>
    AlreadyThere = 2,

    /// <summary>A segment of the same track and start with another digest is there: nothing was written, nothing overwritten (D17).</summary>
    Conflict = 3,

    /// <summary>The bytes do not have the digest they came with: nothing was written.</summary>
    DigestMismatch = 4,
}

/// <summary>A target's word about one item.</summary>
public sealed record ItemReceipt(ItemEntry Entry, WriteResult Result);

/// <summary>A period kept from retention (D5).</summary>
/// <param name="To">Null means open.</param>
public sealed record Hold(Guid HoldId, string OriginRecorderId, DateTimeOffset From, DateTimeOffset? To);

/// <summary>Bounds of the port; every adapter keeps them.</summary>
public static class Limits
{
    public const int ItemsPerPage = 5_000;
    public const int ItemsPerRequest = 5_000;
    public const int SpansPerPage = 1_000;
    public const int BucketsPerRequest = 256;

    /// <summary>One item: 64 MiB.</summary>
    public const long ItemBytes = 64L << 20;

    /// <summary>One document of settings: 32 MiB.</summary>
    public const int SettingsBytes = 32 << 20;
    public const int ChannelsPerRecorder = 10_000;
    public const int TrackIdCharacters = 4_000;
    public const int RecorderIdCharacters = 200;
    public const int CursorCharacters = 200;
    public const int AddressCharacters = 2_000;
    public const int TicketCharacters = 1_000;

    /// <summary>Contents of one write: 256 MiB. Callers slice far below it.</summary>
    public const long BytesPerRequest = 256L << 20;

    /// <summary>Holds in force on one recorder.</summary>
    public const int Holds = 10_000;

    /// <summary>The longest segment.</summary>
    public static readonly TimeSpan ItemDuration = TimeSpan.FromDays(1);
}
