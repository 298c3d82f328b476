using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>
/// A failed recorder and its failover servers in memory, and the pure failback process: hears messages, applies its effects to its rows, and
/// remembers what was published. No bus, no database, no clock but its own.
/// </summary>
internal sealed class Site : IRights
{
    public const string Recorder = "rec-1";
    public const string Server = "fo-1";
    public const string OtherServer = "fo-2";
    public static readonly DateTime Start = new(2026, 3, 1, 8, 0, 0, DateTimeKind.Utc);
    private readonly Dictionary<string, Recorder> _recorders = [];
    private readonly Dictionary<Guid, FailoverLogEntry> _entries = [];
    private int _heard;

    public Site(bool automatic = true)
    {
        Put(Row(Recorder, RecorderRole.Broken) with { AutomaticFailback = automatic });
        Put(Row(Server, RecorderRole.Recorder));
        Put(Row(OtherServer, RecorderRole.FailoverServer));
    }

    public DateTime Now { get; set; } = Start.AddHours(6);
    public SagaOptions Options { get; } = new();
    public bool ManualDuringMaintenance { get; set; } = true;
    public Licence Licence { get; set; } = new() { FailoverEnabled = true };
    public Maintenance Maintenance { get; set; } = new();
    public Dictionary<string, CachedSettings> Settings { get; } = [];
    public FailbackState State { get; set; } = FailbackSteps.New(Recorder);
    public List<Effect> Effects { get; } = [];

    public IReadOnlyList<object> Published => [.. Effects.OfType<Publish>().Select(x => x.Message)];

    public Recorder? this[string id] => _recorders.GetValueOrDefault(id);

    public bool Allows(IReadOnlyList<string> roles, string right) => roles.Contains("operator");

    public FailoverLogEntry Entry(Guid id) => _entries[id];

    public IReadOnlyList<T> All<T>() => [.. Published.OfType<T>()];

    public T Last<T>() => All<T>()[^1];

    public void Put(Recorder row) => _recorders[row.RecorderId] = row;

    public void Put(FailoverLogEntry row) => _entries[row.EntryId] = row;

    public void Remove(string recorderId) => _recorders.Remove(recorderId);

    public void Forget(Guid entryId) => _entries.Remove(entryId);

    public void Set(string id, Func<Recorder, Recorder> change) => Put(change(_recorders[id]));

    public void Set(Guid id, Func<FailoverLogEntry, FailoverLogEntry> change) => Put(change(_entries[id]));

    /// <summary>An entry whose failover succeeded at that hour.</summary>
    public Guid Failover(double hour = 0, string server = Server, string recorder = Recorder)
    {
        var entry = new FailoverLogEntry
        {
            EntryId = DerivedId.Of("spec entry", recorder, server, hour),
            FailedRecorderId = recorder,
            FailoverServerId = server,
            FailoverStartedAt = Start.AddHours(hour),
            FailoverEndedAt = Start.AddHours(hour).AddMinutes(1),
            Failover = FailoverStatus.Succeeded,
            Hold = HoldStatus.Held,
        };
        Put(entry);
        if (_recorders.TryGetValue(server, out var row))
            Put(row with { Role = RecorderRole.Recorder });
        return entry.EntryId;
    }

    public FailbackFacts Facts() =>
        new()
        {
            Now = Now,
            Options = Options,
            Rights = this,
            Cause = DerivedId.Of("spec message", _heard),
            ManualDuringMaintenance = ManualDuringMaintenance,
            Recorder = this[Recorder],
            Entries = Newest(x => x.FailedRecorderId == Recorder),
            FailoverServers = _recorders.Values.Where(x => x.RecorderId != Recorder).ToDictionary(x => x.RecorderId),
            Calls = _recorders.Keys.ToDictionary(
                x => x,
                IReadOnlyList<FailoverLogEntry> (x) => Newest(y => y.FailoverServerId == x && y.Failback != FailbackStatus.Succeeded)
            ),
            Settings = Settings,
            Licence = Licence,
            Maintenance = Maintenance,
        };

    /// <summary>Decides, applies, remembers.</summary>
    public FailbackDecision Hear(object message)
    {
        _heard++;
        var decision = FailbackTransitions.Decide(State, message, Facts());
        foreach (var save in decision.Effects.OfType<Save>())
            if (save.Row is Recorder recorder)
                Put(recorder);
            else
                Put((FailoverLogEntry)save.Row);
        Effects.AddRange(decision.Effects);
        State = decision.State.CurrentState == FailbackStates.Final ? FailbackSteps.New(Recorder) : decision.State;
        return decision;
    }

    /// <summary>Everything that a decision may change, to see that nothing did.</summary>
    public string Rows() =>
        string.Join('\n', _recorders.Values.OrderBy(x => x.RecorderId, StringComparer.Ordinal).Select(x => x.ToString()))
        + string.Join('\n', _entries.Values.OrderBy(x => x.EntryId).Select(x => x.ToString()))
        + State;

    public FailbackDecision ComesBack(DateTime? at = null) =>
        Hear(new RecorderReconnected { RecorderId = Recorder, At = (at ?? Now).ToWire() });

    public FailbackDecision Leaves(DateTime? at = null) =>
        Hear(new RecorderDisconnected { RecorderId = Recorder, At = (at ?? Now).ToWire() });

    /// <summary>The due message of the newest wait, at its time.</summary>
    public FailbackDecision WaitIsOver()
    {
        var due = Effects.OfType<Publish>().Last(x => x.Message is FailbackDue);
        Now = due.NotBefore!.Value;
        return Hear(due.Message);
    }

    public FailbackDecision Sweep() => Hear(new FailbackDue { FailedRecorderId = Recorder });

    public FailbackDecision Ask(Guid? entry = null, params string[] roles) =>
        Hear(
            new ManualFailbackRequested
            {
                RequestId = DerivedId.Of("spec request", _heard),
                FailedRecorderId = Recorder,
                EntryId = entry,
                RequestedBy = "anna",
                Roles = roles.Length == 0 ? ["operator"] : roles,
            }
        );

    public FailbackDecision Cancel(params string[] roles) =>
        Hear(
            new CancelFailback
            {
                RequestId = DerivedId.Of("spec request", _heard),
                FailedRecorderId = Recorder,
                RequestedBy = "anna",
                Roles = roles.Length == 0 ? ["operator"] : roles,
            }
        );

    public RecorderRecording Recording() => Recording(Last<RestoreRecorder>());

    public static RecorderRecording Recording(RestoreRecorder told) =>
        new()
        {
            EntryId = told.EntryId,
            FailedRecorderId = Recorder,
            Attempt = told.Attempt,
            Settings = new DocumentReference { Digest = new string('a', 64), Length = 10 },
            RecordingSince = Start.ToWire(),
        };

    public RecorderNotRestored NotRestored(FailbackReason reason) =>
        new()
        {
            EntryId = Last<RestoreRecorder>().EntryId,
            FailedRecorderId = Recorder,
            Attempt = Last<RestoreRecorder>().Attempt,
            Reason = reason,
            Detail = "a scripted worker said so",
        };

    public FailoverServerReleased Released() => Released(Last<ReleaseFailoverServer>());

    public static FailoverServerReleased Released(ReleaseFailoverServer told) =>
        new()
        {
            EntryId = told.EntryId,
            FailedRecorderId = told.FailedRecorderId,
            Attempt = told.Attempt,
            FailoverServerId = told.FailoverServer.RecorderId,
            ReleasedAt = Start.ToWire(),
        };

    public FailbackDecision Overdue() =>
        Hear(
            new RestoreOverdue
            {
                FailedRecorderId = Recorder,
                EntryId = State.EntryId ?? Guid.Empty,
                Attempt = State.Attempt,
            }
        );

    /// <summary>The log hears it, then the failback does.</summary>
    public FailbackDecision FailsOver(double hour, string server = OtherServer, bool succeeded = true)
    {
        var id = Failover(hour, server);
        if (!succeeded)
            Set(id, x => x with { Failover = FailoverStatus.Failed });
        return Hear(Completed(id, succeeded));
    }

    public FailoverCompleted Completed(Guid id, bool succeeded = true) =>
        new()
        {
            EntryId = id,
            FailedRecorderId = Recorder,
            FailoverServerId = Entry(id).FailoverServerId,
            StartedAt = Entry(id).FailoverStartedAt.ToWire(),
            CompletedAt = Entry(id).FailoverEndedAt!.Value.ToWire(),
            Succeeded = succeeded,
        };

    private List<FailoverLogEntry> Newest(Func<FailoverLogEntry, bool> which) =>
        [.. _entries.Values.Where(which).OrderByDescending(x => x.FailoverStartedAt).ThenByDescending(x => x.EntryId)];

    private static Recorder Row(string id, RecorderRole role) =>
        new()
        {
            RecorderId = id,
            Name = id,
            Address = $"http://127.0.0.1:1/{id}",
            Role = role,
            FailoverEnabled = true,
            Connected = true,
            ConnectionChangedAt = Start.AddHours(5),
        };
}
