using Microsoft.EntityFrameworkCore;

namespace Failback.Saga;

/// <summary>The audit lines of a unit (D14), and the requests that they decide.</summary>
internal sealed class UnitAudit(FailbackDbContext db, TimeProvider time)
{
    private readonly List<(Request Request, string Asker, string Outcome)> decided = [];
    private readonly List<(Guid Id, Note Note)> once = [];

    public void Add(Note note)
    {
        if (note.Decides is { } request)
            decided.Add((request, note.Who, note.Outcome));
        if (note.Once is { } id)
        {
            once.Add((id, note));
            return;
        }
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
    }

    /// <summary>Appends the lines that are kept once; one that is there stays as it is.</summary>
    public async Task AppendAsync(CancellationToken token)
    {
        foreach (var (id, note) in once)
            await db.Database.ExecuteSqlAsync(
                $"INSERT INTO audit (audit_id, \"at\", who, what, subject, outcome, detail) VALUES ({id}, {time.GetUtcNow().ToRow()}, {note.Who}, {note.What}, {note.Subject}, {note.Outcome}, {note.Detail ?? ""}) ON CONFLICT DO NOTHING",
                token
            );
        once.Clear();
    }

    /// <summary>
    /// Says of requests that came through a door what became of them; the first word stands. Those from the bus have no row, and one that
    /// somebody else asked, or that is another one, says nothing of the request whose key it bears.
    /// </summary>
    public async Task DecideAsync(CancellationToken token)
    {
        foreach (var (request, asker, outcome) in decided)
            await db.Database.ExecuteSqlAsync(
                $"UPDATE idempotency_key SET outcome = {outcome}, decided_at = {time.GetUtcNow().ToRow()}, version = version + 1 WHERE \"key\" = {request.Id} AND asker = {asker} AND request = {request.Name} AND outcome = {IdempotencyKey.Pending}",
                token
            );
        decided.Clear();
    }
}
