using Failback.Messages;

namespace Failback.Worker;

/// <summary>The door for proof: what came home, read from the recorders themselves. Changes nothing.</summary>
public interface ICoverage
{
    /// <summary>Compares the sources with the recorder, track by track.</summary>
    /// <exception cref="CoverageException">A recorder could not be read; the message names it.</exception>
    Task<CoverageReport> ReadAsync(CoverageRequest request, IProgress<CoverageProgress>? progress, CancellationToken token);

    /// <summary>Compares the recorder with a report of before; needs no source and nothing else of ours.</summary>
    /// <returns>What differs, at most <see cref="CoverageTrack.MostFaults"/> a track; nothing when all is as the report says.</returns>
    /// <exception cref="CoverageException">The recorder could not be read.</exception>
    Task<IReadOnlyList<CoverageDifference>> CheckAsync(
        CoverageReport report,
        RecorderAddress recorder,
        IProgress<CoverageProgress>? progress,
        CancellationToken token
    );
}

/// <summary>What to compare.</summary>
/// <param name="EntryId">The entry of the failover log.</param>
/// <param name="Sources">The periods of the entry and of those that it closed (D6).</param>
/// <param name="Counted">What the sources had when it was copied, as the rows of the copy counted it.</param>
/// <param name="MostSpans">Stretches of all tracks together; beyond it they are told coarser.</param>
/// <param name="MostFaults">Items of all tracks together that are named because they are not home; beyond it they are counted.</param>
public sealed record CoverageRequest(
    Guid EntryId,
    RecorderAddress Recorder,
    IReadOnlyList<CopySource> Sources,
    IReadOnlyList<CountedTrack> Counted,
    CoverageEvidence Evidence = CoverageEvidence.Contents,
    int MostSpans = CoverageReport.MostSpans,
    int MostFaults = int.MaxValue
);

/// <summary>How far reading has come.</summary>
/// <param name="TrackId">What is read now.</param>
/// <param name="Items">Compared until now, of all tracks.</param>
/// <param name="Bytes">Of their contents.</param>
public sealed record CoverageProgress(string TrackId, long Items, long Bytes);

/// <summary>Where a recorder is no longer what the report says.</summary>
/// <param name="From">UTC; the start of the item, or of the stretch that it is somewhere in.</param>
public sealed record CoverageDifference(CoverageTrack Track, DateTimeOffset From, DateTimeOffset To, CoverageChange Change);

/// <summary>What is different.</summary>
public enum CoverageChange
{
    /// <summary>The bytes of an item do not have its digest.</summary>
    Damaged = 1,

    /// <summary>The recorder holds fewer items of the stretch than the report says.</summary>
    Gone = 2,

    /// <summary>It holds more.</summary>
    Added = 3,

    /// <summary>As many, and not the same.</summary>
    Changed = 4,
}

/// <summary>A recorder could not be read to its end.</summary>
public sealed class CoverageException(string message, Exception inner) : Exception(message, inner);
