using Failback.Messages;

namespace Failback.Saga;

/// <summary>
/// The queue of a repaired recorder: one material copy at a time, one that somebody waits for first, then the oldest; recorders in parallel
/// (R28, R31, R32, D13).
/// </summary>
internal static class CopyQueue
{
    /// <summary>Whether it is this copy's turn: no other has it, and no older one is queued.</summary>
    public static bool IsTurnOf(MaterialCopyState copy, IReadOnlyList<MaterialCopyState> others) =>
        !others.Any(x => x.HasTurn()) && Next(others) is var next && (next is null || Before(copy, next));

    /// <summary>Whose turn it is when the running one stops; null when nobody waits.</summary>
    public static MaterialCopyState? Next(IEnumerable<MaterialCopyState> others) =>
        InOrder(others.Where(x => x.CurrentState == CopyStates.Queued)).FirstOrDefault();

    /// <summary>The copies of a recorder that did not end, in the order of their turns: the running one, the queued ones, then those that gave their turn up.</summary>
    public static IEnumerable<MaterialCopyState> InOrder(IEnumerable<MaterialCopyState> copies) =>
        copies
            .OrderBy(x =>
                x.HasTurn() ? 0
                : x.CurrentState == CopyStates.Queued ? 1
                : x.CurrentState == CopyStates.WaitingForSource ? 2
                : 3
            )
            .ThenBy(x => CopyUrgent.IsWaitedFor(x) ? 0 : 1)
            .ThenBy(x => x.CreatedAt)
            .ThenBy(x => x.CorrelationId);

    /// <summary>Gives the turn to the next queued copy of the recorder.</summary>
    public static IEnumerable<Effect> TurnOfNext(CopyFacts facts) =>
        Next(facts.Others) is { } next && !facts.Others.Any(x => x.HasTurn()) ? [Turn(next.CorrelationId, facts)] : [];

    /// <summary>A queued copy that is waited for: the one that has the turn is asked for it, or it comes at once.</summary>
    public static Publish TurnForUrgent(MaterialCopyState copy, CopyFacts facts) =>
        facts.Others.FirstOrDefault(x => x.HasTurn()) is { } running
            ? new(new TurnAskedFor { MaterialCopyId = running.CorrelationId }, facts.Id("turn asked for", running.CorrelationId))
            : Turn(copy.CorrelationId, facts);

    public static Publish Turn(Guid materialCopyId, CopyFacts facts) =>
        new(new TurnCame { MaterialCopyId = materialCopyId }, facts.Id("turn", materialCopyId));

    private static bool Before(MaterialCopyState a, MaterialCopyState b) =>
        CopyUrgent.IsWaitedFor(a) != CopyUrgent.IsWaitedFor(b) ? CopyUrgent.IsWaitedFor(a)
        : a.CreatedAt != b.CreatedAt ? a.CreatedAt < b.CreatedAt
        : a.CorrelationId.CompareTo(b.CorrelationId) < 0;
}
