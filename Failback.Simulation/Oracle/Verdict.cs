using Failback.Messages;
using Failback.Recorders;
using Failback.Saga;

namespace Failback.Simulation;

/// <summary>
/// The judge at the end: compares what the site has with what was really recorded. It knows nothing of how the product works, only what
/// must be true.
/// </summary>
internal sealed class Verdict(SimulatedDatabase database, SimulatedBus bus, SimulatedSite site, Controller controller, Clients clients)
{
    private const int MostRequestsAnHour = 20_000;

    /// <summary>What is not final yet; null when all is.</summary>
    public string? Unfinished()
    {
        if (database.Failbacks.Values.FirstOrDefault() is { } failback)
            return $"failback of {failback.FailedRecorderId} is {failback.CurrentState}";
        if (
            controller.Failovers.FirstOrDefault(x =>
                x.Succeeded && database.Entries.GetValueOrDefault(x.EntryId)?.Failover != FailoverStatus.Succeeded
            ) is
            { } unknown
        )
            return $"the failover {unknown.EntryId} of {unknown.FailedRecorderId} is not in the log";
        if (database.Entries.Values.FirstOrDefault(x => x.AllowsFailback) is { } open)
            return $"{open.EntryId} of {open.FailedRecorderId}: failback {open.Failback} ({open.FailbackReason} {open.FailbackDetail})";
        if (database.Entries.Values.FirstOrDefault(IsUncopied) is { } uncopied)
            return $"{uncopied.EntryId} of {uncopied.FailedRecorderId}: material copy {uncopied.MaterialCopy}";
        if (
            database
                .Entries.Values.Where(x => Used(x).MaterialCopy == MaterialCopyStatus.Partial)
                .Select(Lacking)
                .FirstOrDefault(x => x is not null) is
            { } lacking
        )
            return $"partial, though it could be whole: {lacking}";
        if (database.Entries.Values.FirstOrDefault(x => x is { Doubted: true, MaterialCopy: MaterialCopyStatus.Succeeded }) is { } doubted)
            return $"the copy of {doubted.EntryId} is doubted";
        if (database.Entries.Values.FirstOrDefault(x => x.ReleasePending) is { } pending)
            return $"{pending.EntryId}: {pending.FailoverServerId} is not released";
        if (database.Entries.Values.FirstOrDefault(x => x.Hold is HoldStatus.Placing or HoldStatus.Releasing) is { } held)
            return $"{held.EntryId}: hold {held.Hold}";
        if (database.Reports.Values.FirstOrDefault(x => x.Status == ProofStatus.Asked) is { } asked)
            return $"the report on {asked.EntryId} was asked for {asked.Tries} times: {asked.Failure} {asked.Detail}";
        if (site.Failing.FirstOrDefault(x => x.State.Role == LiveRole.Broken) is { } mute)
            return $"{mute.Id} is mute";
        if (clients.Gap(database.Changes.Count) is { } gap)
            return $"clients were not told of change {gap}";
        if (bus.Queues.FirstOrDefault(x => x.Depth > 0) is { } queue)
            return $"{queue.Depth} messages in {queue.Name}";
        return database.Outbox.Values.FirstOrDefault(x => x.NotBefore is null) is { } row
            ? $"{row.Message.GetType().Name} in the outbox"
            : null;
    }

    /// <exception cref="ViolationException">The first invariant that does not hold.</exception>
    public void Judge(TimeSpan elapsed)
    {
        if (bus.Errors.Count > 0)
            throw new ViolationException("I9", $"{bus.Errors.Count} messages in error queues, the first: {bus.Errors[0]}");
        Numbers();
        foreach (var recorder in site.Failing)
            Home(recorder);
        foreach (var entry in database.Entries.Values.Where(x => x.Failback == FailbackStatus.Succeeded))
            Material(entry);
        NothingInvented();
        Reports();
        Roles();
        Releases();
        foreach (var recorder in site.Failing)
            Restores(recorder);
        foreach (var recorder in site.Recorders.Values.Where(x => x.Requests > MostRequestsAnHour * Math.Max(1, elapsed.TotalHours)))
            throw new ViolationException("I16", $"{recorder.Requests} requests to {recorder.Id} in {elapsed}");
    }

    /// <summary>Whose material copy has the period of an entry: its own, or that of the entry that inherited it (D6).</summary>
    private FailoverLogEntry Used(FailoverLogEntry entry) => entry.InheritedBy is { } by ? database.Entries[by] : entry;

    private static bool IsUncopied(FailoverLogEntry entry) =>
        entry
            is {
                Failback: FailbackStatus.Succeeded,
                InheritedBy: null,
                MaterialCopy: not (MaterialCopyStatus.Succeeded or MaterialCopyStatus.Partial)
            };

    /// <summary>I10: numbers without a gap; each was told, or told again when it was asked for (D19).</summary>
    private void Numbers()
    {
        for (var i = 0; i < database.Changes.Count; i++)
            if (database.Changes[i].Number != i + 1)
                throw new ViolationException("I10", $"change {i + 1} has the number {database.Changes[i].Number}");
        if (clients.Numbers.Any(x => x > database.Changes.Count))
            throw new ViolationException("I10", "clients were told of a change that was not committed");
    }

    /// <summary>The repaired recorder has its settings, and records.</summary>
    private void Home(SimulatedRecorder recorder)
    {
        if (recorder.Settings?.Digest != site.SettingsOf(recorder.Id).Digest)
            throw new ViolationException("R12", $"{recorder.Id} has not its own settings");
        if (recorder.State is not { Role: LiveRole.Recorder, Recording: true })
            throw new ViolationException("I13", $"{recorder.Id} does not record");
    }

    /// <summary>I1, I2: every item that the failover server recorded in the period is on the recorder, byte for byte, or there is a good reason.</summary>
    private void Material(FailoverLogEntry entry)
    {
        if (Lacking(entry) is { } lacking)
            throw new ViolationException("I1", lacking);
        var used = Used(entry);
        var home = site.Recorders[entry.FailedRecorderId];
        foreach (var item in site.Footage.All.Where(x => IsOf(x, entry)))
        {
            var found = home.Find(item.Track, item.Entry);
            if (found is not null && !found.Bytes.AsSpan().SequenceEqual(item.Bytes))
                throw new ViolationException("I2", $"an item of {item.Track.TrackId} at {item.Entry.Start:T} came home altered");
            if (found is null && item.Excused == Footage.Damaged && used.MaterialCopy == MaterialCopyStatus.Succeeded)
                throw new ViolationException("I1", "a copy that lacks a damaged item says Succeeded");
        }
    }

    /// <summary>The first item that is not home though nothing excuses it.</summary>
    private string? Lacking(FailoverLogEntry entry)
    {
        var home = site.Recorders[entry.FailedRecorderId];
        return site.Footage.All.FirstOrDefault(x => x.Excused is null && IsOf(x, entry) && home.Find(x.Track, x.Entry) is null) is { } item
            ? $"{item.Track.Kind} of {item.Track.TrackId} at {item.Entry.Start:T} from {item.RecorderId} is missing; entry {entry.FailoverStartedAt:T} to {entry.FailbackEndedAt:T}, copy {entry.MaterialCopy}"
            : null;
    }

    /// <summary>
    /// What the failover server recorded for this failover: from its start to the next one of that server. One that was away when its entry
    /// was closed goes on recording until it hears of it (D6), beside the recorder that is home.
    /// </summary>
    private bool IsOf(Recorded item, FailoverLogEntry entry) =>
        item.RecorderId == entry.FailoverServerId
        && item.Track.OriginRecorderId == entry.FailedRecorderId
        && item.At >= entry.FailoverStartedAt
        && !(entry.InheritedBy is { } by && item.At >= HomeAt(entry.FailedRecorderId, by))
        && !controller.Failovers.Any(x =>
            x.FailoverServerId == entry.FailoverServerId && x.StartedAt > entry.FailoverStartedAt && x.StartedAt <= item.At
        );

    /// <summary>When the failback of an entry let the recorder record, by no clock of the site.</summary>
    private DateTimeOffset HomeAt(string recorderId, Guid entryId) =>
        site.Recorders[recorderId].Journal.Where(x => x.What == "activate" && x.Attempt.EntryId == entryId).Max(x => x.At);

    /// <summary>I3: the recorder holds nothing that nobody recorded, and its own recording is as it was.</summary>
    private void NothingInvented()
    {
        var recorded = site.Footage.All.ToLookup(x => (x.Track, x.Entry.Start, x.Entry.Digest));
        foreach (var recorder in site.Failing)
        foreach (var (track, item) in recorder.Items)
            if (!recorded.Contains((track, item.Entry.Start, item.Entry.Digest)))
                throw new ViolationException("I3", $"{recorder.Id} holds an item of {track.TrackId} that nobody recorded");
        foreach (var own in site.Footage.All.Where(x => x.RecorderId == x.Track.OriginRecorderId))
            if (site.Recorders[own.RecorderId].Find(own.Track, own.Entry) is not { } kept || !kept.Bytes.AsSpan().SequenceEqual(own.Bytes))
                throw new ViolationException("I3", $"{own.RecorderId} lost or altered an item of its own");
    }

    /// <summary>Of each copy that ended with something there is a report of that end, made or given up (ADR 0025).</summary>
    private void Reports()
    {
        foreach (var copy in database.Copies.Values.Where(x => x.CurrentState is CopyStates.Succeeded or CopyStates.Partial))
            if (
                database.Channels.Values.Any(x => x.MaterialCopyId == copy.CorrelationId)
                && !database.Reports.Values.Any(x => x.MaterialCopyId == copy.CorrelationId && x.AskedAt == copy.EndedAt)
            )
                throw new ViolationException("T25", $"no report was asked for when the copy of {copy.EntryId} ended");
    }

    /// <summary>E3, I13: a failover server was released only for the failover that it stood in for, and after the recorder had been let to record.</summary>
    private void Releases()
    {
        foreach (var server in site.FailoverServers)
        foreach (var (_, attempt, at) in server.Journal.Where(x => x.What == "release"))
        {
            var called = controller.Failovers.LastOrDefault(x => x.FailoverServerId == server.Id && x.StartedAt <= at);
            var meant = database.Entries.GetValueOrDefault(attempt.EntryId);
            if (
                called is not null
                && called.EntryId != attempt.EntryId
                && called.Succeeded
                && called.FailedRecorderId != meant?.FailedRecorderId
                && !server.Journal.Any(x => x.What == "release" && x.Attempt.EntryId == called.EntryId && x.At <= at)
            )
                throw new ViolationException(
                    "E3",
                    $"{server.Id} stood in for {called.FailedRecorderId} when it was released for {meant?.FailedRecorderId}"
                );
            var home = site.Recorders[meant!.FailedRecorderId];
            if (!home.Journal.Any(x => x.What == "activate" && x.At <= at && x.At >= meant.FailoverStartedAt))
                throw new ViolationException("I13", $"{server.Id} was released before {home.Id} recorded");
        }
    }

    /// <summary>I7, I14: settings before recording, attempts of an entry in their order, and never an entry again after a later one.</summary>
    private static void Restores(SimulatedRecorder recorder)
    {
        var seen = new List<RestoreAttempt>();
        foreach (var (what, attempt, _) in recorder.Journal)
        {
            if (seen.Any(x => x.EntryId == attempt.EntryId && x.Attempt > attempt.Attempt))
                throw new ViolationException("I14", $"{recorder.Id} took {what} of an older attempt");
            if (seen.Count > 0 && seen[^1].EntryId != attempt.EntryId && seen.Any(x => x.EntryId == attempt.EntryId))
                throw new ViolationException("I7", $"{recorder.Id} took {what} of an entry that was over");
            if (seen.Any(x => x.EntryId != attempt.EntryId && x.FailoverStartedAt > attempt.FailoverStartedAt))
                throw new ViolationException("I7", $"{recorder.Id} took {what} of an earlier failover");
            if (what == "activate" && !seen.Contains(attempt))
                throw new ViolationException("I7", $"{recorder.Id} was let record before it had its settings");
            seen.Add(attempt);
        }
    }

    /// <summary>The directory says what the machines do (D2).</summary>
    private void Roles()
    {
        foreach (var recorder in site.Recorders.Values)
            if (database.Recorders.GetValueOrDefault(recorder.Id) is not { } row || row.Role.ToString() != recorder.State.Role.ToString())
                throw new ViolationException(
                    "D2",
                    $"{recorder.Id} is {recorder.State.Role}, the directory says {database.Recorders.GetValueOrDefault(recorder.Id)?.Role}"
                );
    }
}
