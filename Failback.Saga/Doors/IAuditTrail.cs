namespace Failback.Saga;

/// <summary>The door for writing down what a person did beside the bus (D14). Append only.</summary>
public interface IAuditTrail
{
    /// <summary>Committed when it returns.</summary>
    /// <param name="who">The person, for example <c>user@machine</c>.</param>
    /// <param name="what">What was done, for example <c>queues.discard</c>.</param>
    /// <param name="subject">To what.</param>
    /// <param name="outcome"><c>Accepted</c>, or why not.</param>
    /// <param name="detail">The person's reason.</param>
    Task NoteAsync(string who, string what, string subject, string outcome, string? detail, CancellationToken token);
}

/// <summary>A page of the audit trail.</summary>
public sealed record AuditPage(IReadOnlyList<AuditView> Rows, string? Next);

/// <summary>Who did what, when (UTC), with which outcome.</summary>
public sealed record AuditView(Guid AuditId, DateTimeOffset At, string Who, string What, string Subject, string Outcome, string? Detail);

internal sealed class AuditTrail(IFailbackUnits units) : IAuditTrail
{
    public Task NoteAsync(string who, string what, string subject, string outcome, string? detail, CancellationToken token) =>
        units.RunAsync(
            async (store, ct) =>
            {
                await store.ApplyAsync([new Note(who, what, subject, outcome, detail)], ct);
                return true;
            },
            token
        );
}
