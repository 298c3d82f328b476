using Failback.Messages;

namespace Failback.Saga;

/// <summary>A row that is changed by replacing it; the version is raised by the store and guards against lost updates.</summary>
internal interface IRow
{
    int Version { get; }
}

/// <summary>
/// What a decision does to the world: data, not deeds. The shell applies all effects of a decision in the transaction of the
/// message that caused it; so does the simulator.
/// </summary>
internal abstract record Effect;

/// <summary>Insert the row, or replace the one with its key.</summary>
internal sealed record Save(IRow Row) : Effect;

/// <summary>Delete the row; of a report also its document, unless another one is the same.</summary>
internal sealed record Forget(IRow Row) : Effect;

/// <summary>Publish through the outbox under a derived MessageId, not before an instant (UTC) when one is given.</summary>
internal sealed record Publish(object Message, Guid MessageId, DateTime? NotBefore = null) : Effect;

/// <summary>Tell the clients (R15): numbered when the transaction commits, so that numbers have no gap (D19).</summary>
internal sealed record Tell(
    SystemChangeKind Kind,
    Guid? EntryId = null,
    Guid? MaterialCopyId = null,
    params IReadOnlyList<string> RecorderIds
) : Effect;

/// <summary>Append to the audit trail (D14).</summary>
/// <param name="Decides">The request that is decided with it: who asked it through a door is told.</param>
/// <param name="OnlyIfPending">It was decided and noted before: a line only for who asked it through a door and was not told yet.</param>
/// <param name="Once">The line's own id: it is appended unless it is there already. Null appends always.</param>
internal sealed record Note(
    string Who,
    string What,
    string Subject,
    string Outcome,
    string? Detail = null,
    Request? Decides = null,
    bool OnlyIfPending = false,
    Guid? Once = null
) : Effect;

/// <summary>What a person asked: of the door's keys it is the one with this id, this name and the asker that the note names.</summary>
/// <param name="Name">Kebab-case name of the message.</param>
internal sealed record Request(Guid Id, string Name)
{
    /// <exception cref="ArgumentException">No person may ask that.</exception>
    public static Request Of(object asked, Guid id) => new(id, PersonRequests.NameOf(asked));
}
