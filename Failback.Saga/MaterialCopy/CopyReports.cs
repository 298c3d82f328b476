using Failback.Messages;

namespace Failback.Saga;

/// <summary>What the world is told of a material copy: the failover log, the clients and the bus, in one transaction with the change.</summary>
internal static class CopyReports
{
    /// <summary>The entry shows the copy's state (SPEC section 1), and the clients are told (R15).</summary>
    public static IEnumerable<Effect> Shown(MaterialCopyState copy, CopyFacts facts)
    {
        if (facts.Entry is { } entry && entry.MaterialCopy != copy.Status())
            yield return new Save(entry with { MaterialCopy = copy.Status() });
        yield return new Tell(SystemChangeKind.MaterialCopyChanged, copy.EntryId, copy.CorrelationId, copy.RecorderId);
    }

    public static MaterialCopyProgressed Progressed(MaterialCopyState copy, IReadOnlyList<ChannelCopy> rows, DateTime now) =>
        new()
        {
            MaterialCopyId = copy.CorrelationId,
            EntryId = copy.EntryId,
            RecorderId = copy.RecorderId,
            Status = copy.Status(),
            At = now.ToWire(),
            ChannelCopiesDone = rows.Count(x => x.Status is ChannelCopyStatus.Succeeded or ChannelCopyStatus.Partial),
            ChannelCopies = copy.ChannelCopies,
            BytesDone = rows.Sum(x => x.BytesCopied),
            Bytes = copy.PlannedBytes,
        };

    public static MaterialCopyStarted Started(MaterialCopyState copy) =>
        new()
        {
            MaterialCopyId = copy.CorrelationId,
            EntryId = copy.EntryId,
            RecorderId = copy.RecorderId,
            StartedAt = (copy.StartedAt ?? copy.CreatedAt).ToWire(),
            ChannelCopies = copy.ChannelCopies,
            Items = copy.PlannedItems,
            Bytes = copy.PlannedBytes,
        };

    /// <summary>Items that are not on the recorder though they were planned or met: listed as missing, or beyond a given-up position.</summary>
    public static long Missing(IEnumerable<ChannelCopy> rows) =>
        rows.Sum(x => x.Missing.Sum(y => y.Items) + (x.Status == ChannelCopyStatus.Failed ? Math.Max(0, x.PlannedItems - x.Expected) : 0));

    public static MaterialCopyCompleted Completed(MaterialCopyState copy, IReadOnlyList<ChannelCopy> rows) =>
        new()
        {
            MaterialCopyId = copy.CorrelationId,
            EntryId = copy.EntryId,
            RecorderId = copy.RecorderId,
            Status = copy.Status(),
            StartedAt = (copy.StartedAt ?? copy.CreatedAt).ToWire(),
            EndedAt = (copy.EndedAt ?? copy.CreatedAt).ToWire(),
            Expected = rows.Sum(x => x.Expected),
            Verified = rows.Sum(x => x.Verified),
            Conflicts = rows.Sum(x => x.Conflicts),
            Missing = Missing(rows),
            Bytes = rows.Sum(x => x.BytesCopied),
        };

    public static MaterialCopyFailed Failed(MaterialCopyState copy, DateTime now) =>
        new()
        {
            MaterialCopyId = copy.CorrelationId,
            EntryId = copy.EntryId,
            RecorderId = copy.RecorderId,
            Status = copy.Status(),
            Failure = copy.Failure,
            Detail = copy.Detail,
            At = now.ToWire(),
        };
}
