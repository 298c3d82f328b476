using Failback.Messages;

namespace Failback.Worker;

/// <summary>What became of a slice, in the words of <see cref="ChannelDataAnswered"/>.</summary>
internal sealed record SliceResult
{
    public SliceOutcome Outcome => Failure is null ? SliceOutcome.Done : SliceOutcome.Failed;
    public required DateTimeOffset Reached { get; init; }
    public long Expected { get; init; }
    public long Copied { get; init; }
    public long AlreadyThere { get; init; }
    public long Verified { get; init; }
    public long Overlaps { get; init; }
    public long BytesCopied { get; init; }
    public long Conflicts { get; init; }
    public IReadOnlyList<MissingRange> Missing { get; init; } = [];
    public CopyFailure? Failure { get; init; }
    public string? Detail { get; init; }
}

/// <summary>From result to answer.</summary>
internal static class SliceAnswers
{
    /// <summary>The process, for people: host name and process id.</summary>
    public static readonly string Worker = $"{Environment.MachineName}:{Environment.ProcessId}";

    public static ChannelDataAnswered Answered(this CopyChannelData job, SliceResult result) =>
        new()
        {
            MaterialCopyId = job.MaterialCopyId,
            ChannelCopyId = job.ChannelCopyId,
            SliceId = job.SliceId,
            Epoch = job.Epoch,
            Outcome = result.Outcome,
            Reached = result.Reached,
            Expected = result.Expected,
            Copied = result.Copied,
            AlreadyThere = result.AlreadyThere,
            Verified = result.Verified,
            Overlaps = result.Overlaps,
            BytesCopied = result.BytesCopied,
            Conflicts = result.Conflicts,
            Missing = result.Missing,
            Failure = result.Failure,
            Detail = result.Detail is { } detail ? SideFaults.Cut(detail) : null,
            Worker = Worker,
        };
}
