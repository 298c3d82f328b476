using Microsoft.EntityFrameworkCore;

namespace Failback.Saga;

/// <summary>The store on a unit of work. Reads are snapshots: changes come only through effects.</summary>
internal sealed class FailbackStore(FailbackUnit unit) : FailbackRows(unit.Db), IFailbackStore
{
    public async Task<IReadOnlyList<MaterialCopyState>> LockMaterialCopiesAsync(
        IReadOnlyCollection<Guid> materialCopyIds,
        CancellationToken token
    ) => await unit.Locking<MaterialCopyState>("correlation_id", [.. materialCopyIds.Distinct()]).AsNoTracking().ToListAsync(token);

    public async Task<IReadOnlyList<ChannelCopy>> LockChannelCopiesAsync(
        IReadOnlyCollection<Guid> channelCopyIds,
        CancellationToken token
    ) => await unit.Locking<ChannelCopy>("channel_copy_id", [.. channelCopyIds.Distinct()]).AsNoTracking().ToListAsync(token);

    public Task<IReadOnlySet<Guid>> FirstSeenAsync(IReadOnlyCollection<Guid> messageIds, string consumer, CancellationToken token) =>
        unit.FirstSeenAsync(messageIds, consumer, token);

    public Task ApplyAsync(IEnumerable<Effect> effects, CancellationToken token)
    {
        foreach (var effect in effects)
            unit.Apply(effect);
        return Task.CompletedTask;
    }
}
