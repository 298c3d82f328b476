using Failback.Messages;

namespace Failback.Saga;

/// <summary>How a failback starts by itself (R19-R24): a recorder came back and stayed (D12), or it is time to look again (D11).</summary>
internal static class AutomaticFailback
{
    /// <summary>R21: the controller reports the connection. Nothing qualifies: nothing is kept (R23). Else it has to stay connected (D12).</summary>
    public static FailbackDecision Reconnected(FailbackState state, RecorderReconnected reported, FailbackFacts facts)
    {
        var since = reported.At.ToRow();
        if (state.ConnectedSince >= since)
            return FailbackDecision.Ignore(state); // the wait belongs to this connection, or to a later one
        return MayStart(facts)
            ? Wait(state, since, facts.Now.AddSeconds(facts.Options.StableSeconds), facts)
            : FailbackDecision.Over(state);
    }

    /// <summary>D12: it did not stay connected; the wait begins anew when it comes back.</summary>
    public static FailbackDecision Disconnected(FailbackState state, RecorderDisconnected reported, FailbackFacts facts) =>
        reported.At.ToRow() < state.ConnectedSince ? FailbackDecision.Ignore(state) : FailbackDecision.Over(state);

    /// <summary>It stayed connected, maintenance ended, or the sweep came by (D11): now the process of section 2, if it may start by itself.</summary>
    public static FailbackDecision Due(FailbackState state, FailbackDue due, FailbackFacts facts)
    {
        var wait = due.ConnectedSince?.ToRow();
        if (wait is not null && state.ConnectedSince is not null && wait != state.ConnectedSince)
            return FailbackDecision.Ignore(state); // of an earlier wait
        if (!MayStart(facts) || ConnectedSince(state, facts) is not { } since)
            return FailbackDecision.Over(state); // looked at again when something changes (D11)
        var stable = since.AddSeconds(facts.Options.StableSeconds);
        if (wait != since && facts.Now < stable)
            return since == state.ConnectedSince ? FailbackDecision.Stay(state) : Wait(state, since, stable, facts);
        var entry = facts.Newest!;
        return FailbackChecks.BeforeAutomaticStart(entry, facts) switch
        {
            null => FailbackStart.Start(state, entry, FailbackTrigger.Automatic, by: null, facts),
            FailbackReason.AddressChanged => FailbackDecision.Over(state, FailbackStart.WaitsForPerson(entry, facts)), // R42
            _ => FailbackDecision.Over(state),
        };
    }

    /// <summary>R19, R20, R22, R23, D12: automatic failback is on, allowed now, has something to do, and was not given up.</summary>
    public static bool MayStart(FailbackFacts facts) =>
        facts is { Recorder: { AutomaticFailback: true, FailoverEnabled: true }, InMaintenance: false, Running: null, Newest: { } newest }
        && newest.Tries < facts.Options.MaxTriesPerDay;

    /// <summary>The tries of an entry after one more failed (D12): a person's cancel is the last word until a person starts it again.</summary>
    public static FailoverLogEntry Tried(FailoverLogEntry entry, FailbackTrigger trigger, FailbackReason reason, FailbackFacts facts)
    {
        if (reason == FailbackReason.Canceled)
            return entry with { Tries = facts.Options.MaxTriesPerDay, TriesOn = facts.Now.Date };
        if (trigger != FailbackTrigger.Automatic)
            return entry;
        var today = entry.TriesOn == facts.Now.Date ? entry.Tries : 0;
        return entry with { Tries = today + 1, TriesOn = facts.Now.Date };
    }

    private static FailbackDecision Wait(FailbackState state, DateTime since, DateTime until, FailbackFacts facts)
    {
        var due = new FailbackDue { FailedRecorderId = state.FailedRecorderId, ConnectedSince = since.ToWire() };
        return new(
            state with
            {
                CurrentState = FailbackStates.Waiting,
                ConnectedSince = since,
            },
            [new Publish(due, facts.Id("due", since), until)]
        );
    }

    /// <summary>The newest that is known: this failback's own wait, or the directory, which may lag behind it.</summary>
    private static DateTime? ConnectedSince(FailbackState state, FailbackFacts facts)
    {
        var row = facts.Recorder!;
        if (state.ConnectedSince is { } since && since >= row.ConnectionChangedAt)
            return since;
        return row.Connected ? row.ConnectionChangedAt : null;
    }
}
