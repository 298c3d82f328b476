using System.Text.Json;
using System.Text.Json.Serialization;
using Failback.Messages;

namespace Failback.Worker;

/// <summary>
/// What came home of a failover and what did not, channel by channel. Instants are UTC, sizes bytes, periods
/// half open. The JSON of this record is what is signed; docs/evidence.md describes it for readers of other languages.
/// </summary>
public sealed record CoverageReport
{
    public const string Format1 = "failback.coverage/1";

    /// <summary>Stretches of all tracks together; what does not fit is told coarser, and counted exactly.</summary>
    public const int MostSpans = 200_000;

    /// <summary>A longer document is refused unread.</summary>
    public const int MostBytes = 256 << 20;

    public required string Format { get; init; }

    /// <summary>The entry of the failover log.</summary>
    public required Guid EntryId { get; init; }

    /// <summary>When the recorders were read, by the clock of who read them.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The repaired recorder.</summary>
    public required string RecorderId { get; init; }
    public required CoverageEvidence Evidence { get; init; }
    public required IReadOnlyList<CoverageTrack> Tracks { get; init; }

    /// <summary>
    /// Sources that list nothing of their period, and of which nothing was counted: their disk may be another or not mounted, so it cannot
    /// be said that all is home. Empty in a document of before this list.
    /// </summary>
    public IReadOnlyList<SilentSource> Silent
    {
        get => field ?? [];
        init;
    }

    /// <summary>Merkle root over whose report it is, the roots of the tracks and the silent sources, in their order (<see cref="CoverageRoot"/>).</summary>
    public required string Root { get; init; }

    /// <summary>
    /// Every item that the sources had is on the recorder, and nothing that was read is damaged. Of no tracks, and where a source is silent,
    /// nothing is proved.
    /// </summary>
    [JsonIgnore]
    public bool IsWhole => Tracks.Count > 0 && Silent.Count == 0 && Tracks.All(x => x.IsWhole);

    /// <summary>It says something of the period of this entry, which may be one that was closed with another (D6).</summary>
    public bool IsAbout(Guid entryId) => Tracks.Any(x => x.EntryId == entryId) || Silent.Any(x => x.EntryId == entryId);

    /// <summary>Its root is that of its tracks and silent sources.</summary>
    [JsonIgnore]
    public bool IsConsistent => Root == CoverageRoot.Of(this);

    /// <summary>What is written to files and signed.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, CoverageJson.Default.CoverageReport);

    /// <summary>Reads a report and checks that it is one.</summary>
    /// <exception cref="FormatException">It is no report, or one of another format; the message names the field.</exception>
    public static CoverageReport FromJson(ReadOnlySpan<byte> json)
    {
        CoverageReport? report;
        try
        {
            report = JsonSerializer.Deserialize(json, CoverageJson.Default.CoverageReport);
        }
        catch (JsonException fault)
        {
            throw new FormatException($"no report: {(fault.Path is null or "$" ? "the document" : fault.Path)} is wrong", fault);
        }
        return report?.WhyWrong is { } wrong ? throw new FormatException(wrong) : report ?? throw new FormatException("no report: null");
    }

    private string? WhyWrong =>
        Format != Format1 ? $"format: must be {Format1}"
        : !Enum.IsDefined(Evidence) ? "evidence: Listings or Contents"
        : RecorderId is null || Root is null ? "recorderId, root: not null"
        : Tracks is null || Tracks.Any(x => x is null) ? "tracks: none null"
        : Tracks.Count + Silent.Count == 0 ? "tracks: at least one, or a silent source"
        : Silent.Any(x => x?.SourceRecorderId is null) ? "silent: none null"
        : Tracks.Select(x => x.WhyWrong).FirstOrDefault(x => x is not null) ?? CoverageNumbers.WhyWrong(this);
}

/// <summary>A failover server that lists nothing of a period: not one item of any track, nor were any counted.</summary>
/// <param name="EntryId">The entry whose period this is (D6).</param>
/// <param name="From">UTC, inclusive.</param>
/// <param name="To">UTC, exclusive.</param>
public sealed record SilentSource(Guid EntryId, string SourceRecorderId, DateTimeOffset From, DateTimeOffset To);

/// <summary>One data kind of one channel, from one failover server.</summary>
public sealed record CoverageTrack
{
    /// <summary>Beyond it, neighbouring stretches are joined under the gravest mark; the counts stay exact.</summary>
    public const int MostSpans = 10_000;

    /// <summary>Columns of a picture of the period; a gap that is shorter than one is in no picture, and ends no stretch.</summary>
    public const int PictureColumns = 1_000;

    /// <summary>Items named one by one; the counts go on.</summary>
    public const int MostFaults = 1_000;

    /// <summary>The entry whose period this is: a failback brings home also the periods of entries that it closed (D6).</summary>
    public required Guid EntryId { get; init; }
    public required string SourceRecorderId { get; init; }
    public required string OriginRecorderId { get; init; }
    public required DataKind Kind { get; init; }
    public required string TrackId { get; init; }

    /// <summary>As people know the channel; empty when nobody said.</summary>
    public required string Name { get; init; }
    public required DateTimeOffset From { get; init; }
    public required DateTimeOffset To { get; init; }

    /// <summary>Items of each mark; a mark without items is left out.</summary>
    public required IReadOnlyDictionary<CoverageMark, long> Items { get; init; }

    /// <summary>Bytes of the contents of each mark.</summary>
    public required IReadOnlyDictionary<CoverageMark, long> Bytes { get; init; }

    /// <summary>Stretches by start; where nobody recorded is none.</summary>
    public required IReadOnlyList<CoverageSpan> Spans { get; init; }

    /// <summary>Items that the failover server has of the period now.</summary>
    public required long SourceItems { get; init; }

    /// <summary>Items that it had when they were copied; 0 when nobody counted them. If it has fewer now, nothing can be compared with those.</summary>
    public required long CountedItems { get; init; }

    /// <summary>Items that are not home as they should be, by start.</summary>
    public required IReadOnlyList<CoverageFault> Faults { get; init; }

    /// <summary>Merkle root over the items that the recorder has of the period (<see cref="CoverageRoot"/>).</summary>
    public required string Root { get; init; }

    [JsonIgnore]
    public bool IsWhole => SourceItems >= CountedItems && Items.Keys.All(x => x < CoverageMark.Conflict);

    public long ItemsOf(CoverageMark mark) => Items.GetValueOrDefault(mark);

    internal string? WhyWrong =>
        TrackId is null || OriginRecorderId is null || SourceRecorderId is null || Name is null || Root is null ? "track: a field is null"
        : !Enum.IsDefined(Kind) ? "track.kind: a known kind"
        : !CoverageRoot.IsOne(Root) ? "track.root: 64 lower-case hexadecimal digits"
        : Items is null || Items.Keys.Any(x => !Enum.IsDefined(x)) ? "track.items: known marks"
        : Bytes is null || Faults is null || Faults.Any(x => x is null) ? "track: a list is null"
        : Spans is null || Spans.Any(x => x?.Digest is null || !Enum.IsDefined(x.Mark)) || Spans.Count > MostSpans
            ? $"track.spans: at most {MostSpans}, none null, known marks"
        : Spans.Zip(Spans.Skip(1)).Any(x => x.First.From >= x.Second.From) ? "track.spans: by start, each start once"
        : CoverageNumbers.WhyWrong(this);
}

/// <summary>A stretch of neighbours with one mark; a gap that a picture could show ends it.</summary>
/// <param name="From">The start of the first item.</param>
/// <param name="To">The latest end of an item; one tick after a record.</param>
/// <param name="Items">What the failover server or the recorder has, each once.</param>
/// <param name="Held">Items that the recorder has.</param>
/// <param name="Digest">SHA-256 over the leaves of those (<see cref="CoverageRoot"/>), 64 lower-case hexadecimal digits.</param>
public sealed record CoverageSpan(DateTimeOffset From, DateTimeOffset To, CoverageMark Mark, long Items, long Held, string Digest);

/// <summary>An item that is not home as it should be.</summary>
/// <param name="Digest">The XxHash128 that it should have.</param>
public sealed record CoverageFault(DateTimeOffset Start, CoverageMark Mark, long Length, string Digest);

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    UseStringEnumConverter = true,
    WriteIndented = true,
    IndentSize = 1,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(CoverageReport))]
internal sealed partial class CoverageJson : JsonSerializerContext;
