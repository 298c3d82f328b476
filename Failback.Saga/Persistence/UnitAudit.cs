using Microsoft.EntityFrameworkCore;

namespace Failback.Saga;

/// <summary>The audit lines of a unit (D14), and the requests that they decide.</summary>
internal sealed class UnitAudit(FailbackDbContext db, TimeProvider time)
{
    private readonly List<(Guid RequestId, string Outcome)> decided = [];

    public void Add(Note note)
    {
        db.Add(
            new Audit
            {
                AuditId = Guid.CreateVersion7(time.GetUtcNow()),
                At = time.GetUtcNow().ToRow(),
                Who = note.Who,
                What = note.What,
                Subject = note.Subject,
                Outcome = note.Outcome,
                Detail = note.Detail,
            }
        );
        if (note.RequestId is { } id)
            decided.Add((id, note.Outcome));
    }

    /// <summary>Says of requests that came through a door what became of them; the first word stands. Those from the bus have no row.</summary>
    public async Task DecideAsync(CancellationToken token)
    {
        foreach (var (id, outcome) in decided)
            await db.Database.ExecuteSqlAsync(
                $"UPDATE idempotency_key SET outcome = {outcome}, decided_at = {time.GetUtcNow().ToRow()}, version = version + 1 WHERE \"key\" = {id} AND outcome = {IdempotencyKey.Pending}",
                token
            );
        decided.Clear();
    }
}
