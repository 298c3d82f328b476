namespace Failback.Saga;

/// <summary>
/// What deciding reads, and where its effects go: one unit of work, the transaction of the message being consumed. A lost update is refused
/// at commit and the whole unit is repeated with fresh rows.
/// </summary>
internal interface IFailbackStore : IFailbackRows
{
    /// <summary>Locks material_copy rows in id order; what the ledger does first.</summary>
    Task<IReadOnlyList<MaterialCopyState>> LockMaterialCopiesAsync(IReadOnlyCollection<Guid> materialCopyIds, CancellationToken token);

    /// <summary>Locks channel_copy rows in id order; what the ledger does next.</summary>
    Task<IReadOnlyList<ChannelCopy>> LockChannelCopiesAsync(IReadOnlyCollection<Guid> channelCopyIds, CancellationToken token);

    /// <summary>Notes messages as handled; returns those that were not noted before. For consumers of batches, which have no inbox filter.</summary>
    Task<IReadOnlySet<Guid>> FirstSeenAsync(IReadOnlyCollection<Guid> messageIds, string consumer, CancellationToken token);

    /// <summary>Applies effects to this unit of work: rows, outbox, numbers and audit commit together with it.</summary>
    Task ApplyAsync(IEnumerable<Effect> effects, CancellationToken token);
}

/// <summary>Opens units of work outside a consumer: the reconciler, the ledger, the doors. Repeats the unit on serialisation faults.</summary>
internal interface IFailbackUnits
{
    /// <summary>Runs the work in one transaction and commits it; on 40001, 40P01, 23505 and lost updates it is repeated with a fresh unit, at most 5 times.</summary>
    Task<T> RunAsync<T>(Func<IFailbackStore, CancellationToken, Task<T>> work, CancellationToken token);
}
