using System.Text.Json;
using System.Text.Json.Serialization;

namespace Failback.Recorders;

/// <summary>What a reference recorder remembers of itself besides material; replaced as a whole on disk.</summary>
internal sealed record RecorderState
{
    /// <summary>Entries whose last attempt is remembered.</summary>
    public const int MostAttempts = 64;

    private static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter() } };

    public required string RecorderId { get; init; }
    public required LiveRole Role { get; init; }
    public required bool Recording { get; init; }

    /// <summary>Digest of the settings; null when it has none. The file beside carries the digest in its name.</summary>
    public string? SettingsDigest { get; init; }

    /// <summary>The newest attempt of each entry, the latest seen last.</summary>
    public IReadOnlyList<RestoreAttempt> Attempts { get; init; } = [];
    public IReadOnlyList<Hold> Holds { get; init; } = [];

    /// <summary>The entry that it was activated for; null before, after its release, and when somebody else made it record.</summary>
    public Guid? ActiveFor { get; init; }

    /// <summary>The entries that it was released for, the latest last; one that it is activated for again is not among them.</summary>
    public IReadOnlyList<Guid> ReleasedFor { get; init; } = [];

    /// <summary>The attempt that let it record last: it is done, and whatever comes under it now is a repetition.</summary>
    public RestoreAttempt? ActivatedBy { get; init; }

    public RestoreAttempt? LastAttempt => Attempts.Count > 0 ? Attempts[^1] : null;

    /// <summary>Whether a newer attempt of the same entry was seen.</summary>
    public bool HasNewer(RestoreAttempt attempt) => Attempts.Any(x => x.EntryId == attempt.EntryId && x.Attempt > attempt.Attempt);

    /// <summary>
    /// Whether a restore under this attempt is over: a newer one of the entry was seen, one of a later failover, or it let the recorder
    /// record and the recorder failed again. A command that comes twice or late must not put the settings of then on the recorder of now.
    /// </summary>
    public bool IsOver(RestoreAttempt attempt) =>
        HasNewer(attempt)
        || Attempts.Any(x => x.EntryId != attempt.EntryId && IsLater(x, attempt))
        || (ActivatedBy == attempt && Role != LiveRole.Recorder);

    /// <summary>The failover that began later is (R24: then by id); where that is not known of both, the one that was seen later.</summary>
    private bool IsLater(RestoreAttempt seen, RestoreAttempt attempt) =>
        seen.FailoverStartedAt is { } one && attempt.FailoverStartedAt is { } other
            ? (one, seen.EntryId).CompareTo((other, attempt.EntryId)) > 0
            : Attempts.SkipWhile(x => x.EntryId != attempt.EntryId).Contains(seen);

    /// <summary>
    /// Whether it records for another failover than the attempt's by now (E3): that one's footage would be lost. Released for an entry
    /// once, it never stands in for that one again: whatever attempt comes for it now was sent because an answer was lost.
    /// </summary>
    public bool StandsInForOther(RestoreAttempt attempt) =>
        Role == LiveRole.Recorder && (ActiveFor is { } entry ? entry != attempt.EntryId : ReleasedFor.Contains(attempt.EntryId));

    public RecorderState Activated(RestoreAttempt attempt) =>
        this with
        {
            Role = LiveRole.Recorder,
            Recording = true,
            ActiveFor = attempt.EntryId,
            ActivatedBy = attempt,
            ReleasedFor = [.. ReleasedFor.Where(x => x != attempt.EntryId)],
        };

    public RecorderState Released(RestoreAttempt attempt) =>
        this with
        {
            Role = LiveRole.FailoverServer,
            Recording = false,
            ActiveFor = null,
            ReleasedFor = [.. ReleasedFor.Where(x => x != attempt.EntryId).TakeLast(MostAttempts - 1), attempt.EntryId],
        };

    /// <summary>Once known, when its failover began is not forgotten.</summary>
    public RecorderState With(RestoreAttempt attempt)
    {
        var began = attempt.FailoverStartedAt ?? Attempts.FirstOrDefault(x => x.EntryId == attempt.EntryId)?.FailoverStartedAt;
        var others = Attempts.Where(x => x.EntryId != attempt.EntryId).TakeLast(MostAttempts - 1);
        return this with { Attempts = [.. others, attempt with { FailoverStartedAt = began }] };
    }

    public RecorderState With(Hold hold) => this with { Holds = [.. Holds.Where(x => x.HoldId != hold.HoldId), hold] };

    public RecorderState Without(Guid holdId) => this with { Holds = [.. Holds.Where(x => x.HoldId != holdId)] };

    /// <summary>Whether a hold keeps a segment or record from retention (D5).</summary>
    public bool Holding(string originRecorderId, DateTimeOffset start, DateTimeOffset end) =>
        Holds.Any(x =>
            x.OriginRecorderId == originRecorderId
            && start < (x.To ?? DateTimeOffset.MaxValue)
            && (end > x.From || start == end && start == x.From)
        );

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <exception cref="InvalidOperationException">The bytes are damaged.</exception>
    public static RecorderState Read(byte[] bytes)
    {
        try
        {
            if (JsonSerializer.Deserialize<RecorderState>(bytes, Json) is { } read && read.IsSound())
                return read;
        }
        catch (JsonException)
        {
            // Said below, without what is in the file.
        }
        throw new InvalidOperationException("state.json is damaged: put it back from a copy.");
    }

    private bool IsSound() =>
        Enum.IsDefined(Role)
        && Rules.WhyWrongRecorderId(RecorderId) is null
        && (SettingsDigest is null || SettingsDigest.Length == 64 && SettingsDigest.All(char.IsAsciiHexDigitLower))
        && Attempts is not null
        && Attempts.All(x => Rules.WhyWrong(x) is null)
        && ReleasedFor is not null
        && Holds is not null
        && Holds.All(x => Rules.WhyWrong(x) is null);
}
