using Failback.Messages;
using Failback.Saga;

namespace Failback.Simulation;

/// <summary>
/// Whether one recorder keeps others from coming home (I15): it may answer nothing any more from the end of its failback to the calm,
/// and two runs of the site, with and without that, are compared.
/// </summary>
internal sealed class Isolation(SimulatedDatabase database, SimulatedSite site, bool hangs)
{
    /// <summary>How much longer the others may take.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(20);

    private readonly SimulatedRecorder one = site.Failing[0];
    private bool isCalm;

    /// <summary>Whether there is anybody else who can fail.</summary>
    public bool HasOthers => site.Failing.Count > 1;

    /// <summary>Whether it answered nothing for a while.</summary>
    public bool Hung { get; private set; }

    /// <summary>The failovers of the others that were over <see cref="Grace"/> before the calm, and at the calm.</summary>
    public IReadOnlyList<string> OverEarly { get; private set; } = [];
    public IReadOnlyList<string> OverAtCalm { get; private set; } = [];

    /// <summary>At every commit.</summary>
    public void Committed() =>
        one.Hangs |=
            hangs && !isCalm && database.Entries.Values.Any(x => x.FailedRecorderId == one.Id && x.Failback == FailbackStatus.Succeeded);

    public void Early() => OverEarly = Over();

    public void Calm()
    {
        (Hung, OverAtCalm, isCalm) = (one.Hangs, Over(), true);
        one.Hangs = false;
    }

    /// <summary>"R2: 1" is the first failover of R2.</summary>
    private List<string> Over() =>
        [
            .. database
                .Entries.Values.Where(x => x.FailedRecorderId != one.Id)
                .GroupBy(x => x.FailedRecorderId)
                .SelectMany(x => x.OrderBy(y => y.FailoverStartedAt).Index())
                .Where(x =>
                    x.Item is { Failback: FailbackStatus.Succeeded, MaterialCopy: MaterialCopyStatus.None or MaterialCopyStatus.Succeeded }
                )
                .Select(x => $"{x.Item.FailedRecorderId}: {x.Index + 1}"),
        ];
}
