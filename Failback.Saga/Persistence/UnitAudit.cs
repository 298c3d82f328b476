using Microsoft.EntityFrameworkCore;

namespace Failback.Saga;

/// <summary>The audit lines of a unit (D14), and the requests that they decide.</summary>
internal sealed class UnitAudit(FailbackDbContext db, TimeProvider time)
{
    private readonly List<Note> deciding = [];
    private readonly List<Note> once = [];

    public void Add(Note note)
    {
        if (note.Once is not null)
            once.Add(note);
        else if (!note.OnlyIfPending)
            Write(note);
        if (note.Decides is not null)
            deciding.Add(note);
    }

    /// <summary>Appends the lines that are kept once; one that is there stays as it is.</summary>
    public async Task AppendAsync(CancellationToken token)
    {
        foreach (var note in once)
            await db.Database.ExecuteSqlAsync(
                $"INSERT INTO audit (audit_id, \"at\", who, what, subject, outcome, detail) VALUES ({note.Once!.Value}, {time.GetUtcNow().ToRow()}, {note.Who}, {note.What}, {note.Subject}, {note.Outcome}, {note.Detail ?? ""}) ON CONFLICT DO NOTHING",
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
        var told = false;
        foreach (var note in deciding)
            if (await SettleAsync(note, note.Decides!, token) && note.OnlyIfPending)
            {
                Write(note);
                told = true;
            }
        deciding.Clear();
        if (told)
            await db.SaveChangesAsync(token);
    }

    /// <returns>Whether it was pending.</returns>
    private async Task<bool> SettleAsync(Note note, Request request, CancellationToken token) =>
        await db.Database.ExecuteSqlAsync(
            $"UPDATE idempotency_key SET outcome = {note.Outcome}, decided_at = {time.GetUtcNow().ToRow()}, version = version + 1 WHERE \"key\" = {request.Id} AND asker = {note.Who} AND request = {request.Name} AND outcome = {IdempotencyKey.Pending}",
            token
        ) > 0;

    private void Write(Note note) =>
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
