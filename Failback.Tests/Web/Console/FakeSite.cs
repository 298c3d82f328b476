using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>A site in memory for looking at the console: an entry in every state, copies that go on, names that nobody should trust.</summary>
internal sealed class FakeSite
{
    public static readonly string Long = new('W', 4_000);
    public const string Override = "gate\u202Egpj.exe\u2066 \u0000\u0007\u001b[31m end";

    private readonly Lock _gate = new();
    private readonly DateTimeOffset _now;
    private int _number;

    public FakeSite(TimeProvider time, bool hostile = false)
    {
        Time = time;
        _now = new DateTimeOffset(time.GetUtcNow().Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);
        if (hostile)
            Hostile();
        else
            Usual();
        for (var i = 0; !hostile && i < 60; i++)
            Old(i);
    }

    public TimeProvider Time { get; }
    public List<LogRow> Rows { get; } = [];
    public List<RecorderRow> Recorders { get; } = [];
    public Dictionary<Guid, List<ChannelCopyView>> Channels { get; } = [];
    public List<AuditView> Audit { get; } = [];
    public long Sequence { get; private set; } = 1_000;

    /// <summary>The database does not answer.</summary>
    public bool Away { get; set; }

    public static Guid EntryId(int number) => new($"00000000-0000-4000-8000-{number:D12}");

    public T Locked<T>(Func<T> look)
    {
        lock (_gate)
            return Away ? throw new TimeoutException("the database is away") : look();
    }

    public LogRow Row(string recorder) => Locked(() => Rows.First(x => x.FailedRecorderName == recorder));

    /// <summary>A commit: what changed is told by the next look of the feed.</summary>
    public void Change(Guid entryId, Func<LogRow, LogRow> change)
    {
        lock (_gate)
        {
            var index = Rows.FindIndex(x => x.Entry.EntryId == entryId);
            Rows[index] = change(Rows[index]);
            Sequence++;
        }
    }

    public void Note(string who, string what, string subject, string outcome, string? detail = null)
    {
        lock (_gate)
            Audit.Insert(0, new(Guid.NewGuid(), Time.GetUtcNow(), who, what, subject, outcome, detail));
    }

    /// <summary>Copies that run are a little further.</summary>
    public IReadOnlyList<CopySummary> Advance()
    {
        lock (_gate)
        {
            foreach (
                var copy in Rows.Select(x => x.Copy).Where(x => x is { Status: "Copying" }).DistinctBy(x => x!.MaterialCopyId).ToList()
            )
            {
                FakeChannels.Advance(Channels[copy!.MaterialCopyId]);
                var now = FakeChannels.Summed(copy, Channels[copy.MaterialCopyId]);
                for (var i = 0; i < Rows.Count; i++)
                    if (Rows[i].Copy?.MaterialCopyId == copy.MaterialCopyId)
                        Rows[i] = Rows[i] with { Copy = now };
            }
            return [.. Rows.Select(x => x.Copy!).Where(x => x is { Status: "Copying" }).DistinctBy(x => x.MaterialCopyId)];
        }
    }

    private void Usual()
    {
        Add("Lobby", "Failover server 1", 6.2, "None");
        Add("Parking hall P2", "Failover server 2", 26, "Running");
        Add(
            "Harbour gate",
            "Failover server 3",
            9,
            "Failed",
            reason: FailbackReason.NoRecorderConnection,
            detail: "10.20.4.17:5011 did not answer within 5 s"
        );
        Add("Tunnel north", "Failover server 4", 31, "Succeeded", copy: "Copying", part: 0.43);
        Add("Ring road 3", "Failover server 5", 52, "Succeeded", copy: "WaitingForSource", part: 0.12);
        Add("Depot", "Failover server 6", 14, "Succeeded", copy: "Paused", part: 0.66);
        Add("Station square", "Failover server 7", 75, "Succeeded", copy: "Partial", part: 1, missing: 184, conflicts: 2);
        Add("Quay 9", "Failover server 8", 4.5, "Succeeded");
        Add("Museum", "Failover server 9", 20, "Succeeded", copy: "Queued", part: 0);
        Add("Airport cargo", "Failover server 10", 8, "Succeeded", copy: "Failed", part: 0.81, failure: CopyFailure.RecorderFull);
        Add("Mall east", "Failover server 11", 3, "Succeeded", copy: "Copying", part: 0.08);
        Add("Water works", "Failover server 12", 0.05, "None", failover: "Running");
        Add("Ski arena", "Failover server 13", 2, "None", failover: "Failed");
        Inherited();
    }

    /// <summary>Each name is a recorder or a failover server, a channel of the fifth entry, and somewhere in the audit trail.</summary>
    private void Hostile()
    {
        var names = HostileNames.All;
        for (var i = 0; i < names.Count; i += 2)
        {
            var (failback, copy) = (i / 2 % 5) switch
            {
                0 => ("None", null),
                1 => ("Failed", null),
                2 => ("Running", null),
                3 => ("Succeeded", null),
                _ => ("Succeeded", (string?)"Copying"),
            };
            Add(
                names[i],
                names[i + 1],
                4 + i / 10.0,
                failback,
                copy: copy,
                part: 0.4,
                missing: 3,
                reason: failback == "Failed" ? FailbackReason.SettingsSavingFailed : null,
                detail: failback == "Failed" ? names[(i + 7) % names.Count] : null,
                channels: i == 8 ? names : null
            );
        }
        Add("", "   ", 3, "None");
        for (var i = 0; i < 50; i++)
            Note(names[i], names[i + 50], names[i + 100], names[i + 150], names[i * 4]);
    }

    /// <summary>Two failovers of one recorder: the older came home with the newer (D6).</summary>
    private void Inherited()
    {
        var newer = Add("Cable car", "Failover server 14", 40, "Succeeded", copy: "Copying", part: 0.27);
        var older = Add("Cable car", "Failover server 15", 66, "Succeeded");
        var index = Rows.IndexOf(older);
        Rows[index] = older with
        {
            Entry = older.Entry with { InheritedBy = newer.Entry.EntryId, MaterialCopy = MaterialCopyStatus.Succeeded },
            Copy = newer.Copy,
        };
    }

    private void Old(int number)
    {
        var row = Add(
            $"Site {number + 1:D2}",
            $"Failover server {20 + number}",
            100 + 30 * number,
            "Succeeded",
            copy: "Succeeded",
            part: 1,
            isOld: true
        );
        Rows[^1] = row with { Entry = row.Entry with { MaterialCopy = MaterialCopyStatus.Succeeded, Hold = "Released" } };
    }

    private LogRow Add(
        string recorder,
        string server,
        double hoursAgo,
        string failback,
        string failover = "Succeeded",
        string? copy = null,
        double part = 0,
        long missing = 0,
        long conflicts = 0,
        FailbackReason? reason = null,
        string? detail = null,
        CopyFailure? failure = null,
        bool isOld = false,
        IReadOnlyList<string>? channels = null
    )
    {
        var number = ++_number;
        var started = _now - TimeSpan.FromHours(hoursAgo);
        var back = isOld ? started + TimeSpan.FromHours(7.3) : _now - TimeSpan.FromHours(hoursAgo * 0.2);
        DateTimeOffset? failbackAt =
            failback == "None" ? null
            : failback == "Running" ? _now.AddSeconds(-8)
            : back;
        var entry = new LogEntryView(
            EntryId(number),
            $"recorder-{number}",
            $"failover-{number}",
            failover,
            started,
            failback,
            reason,
            detail,
            failbackAt is null ? null
                : number % 2 == 0 ? FailbackTrigger.Automatic
                : FailbackTrigger.Manual,
            failbackAt,
            failback is "Succeeded" or "Failed" ? failbackAt!.Value.AddSeconds(4.2) : null,
            failbackAt is null ? 0 : 1,
            failback == "Succeeded" ? "3f1c9a7d5e2b4c608f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f70" : null,
            copy is null || copy == "Planning" ? MaterialCopyStatus.None : Enum.Parse<MaterialCopyStatus>(copy),
            null,
            failover == "Succeeded" ? "Held" : "None",
            false,
            failover == "Running" ? null : started.AddSeconds(41),
            failover == "Failed" ? "no failover server was free" : null,
            failbackAt is null ? null : "mikko.virtanen"
        );
        var row = new LogRow(entry, recorder, server, copy is null ? null : FakeChannels.Summary(entry, copy, failure));
        if (row.Copy is { } summary)
        {
            var of = Channels[summary.MaterialCopyId] = FakeChannels.Of(row, summary, part, missing, conflicts, channels);
            row = row with { Copy = FakeChannels.Summed(summary, of) };
        }
        Rows.Add(row);
        AddRecorders(row, number);
        if (failbackAt is { } at)
            NoteFailback(entry, at, number);
        return row;
    }

    /// <summary>Asked for, then decided, as the real audit has it.</summary>
    private void NoteFailback(LogEntryView entry, DateTimeOffset at, int number)
    {
        Say(6_000, at.AddSeconds(-1), "manual-failback-requested", "Asked", $"request {EntryId(number + 7_000)}");
        Say(5_000, at, "failback.start", "Accepted", entry.FailedRecorderId);

        void Say(int id, DateTimeOffset when, string what, string outcome, string detail) =>
            Audit.Add(new(EntryId(number + id), when, "mikko.virtanen", what, entry.EntryId.ToString(), outcome, detail));
    }

    private void AddRecorders(LogRow row, int number)
    {
        var entry = row.Entry;
        var broken = entry is { Failover: "Succeeded", Failback: not "Succeeded" };
        var recorder = new RecorderView(
            entry.FailedRecorderId,
            row.FailedRecorderName,
            $"http://10.20.4.{number % 250}:5011",
            broken ? "Broken" : "Recorder",
            entry.Failback != "Failed",
            number == 6
        );
        var server = new RecorderView(
            entry.FailoverServerId,
            row.FailoverServerName,
            $"http://10.20.5.{number % 250}:5011",
            broken ? "Recorder" : "FailoverServer",
            true,
            false
        );
        Recorders.Add(
            new(
                recorder,
                number % 7 != 0,
                number % 2 == 0,
                number % 3 != 0,
                entry.FailoverStartedAt,
                entry.Finalised ? null : entry,
                [],
                0,
                row.Copy is { EndedAt: null } ? 1 : 0
            )
        );
        Recorders.Add(
            new(
                server,
                true,
                false,
                false,
                entry.FailoverStartedAt,
                null,
                broken ? [row.FailedRecorderName] : [],
                entry.Hold == "Held" ? 1 : 0,
                0
            )
        );
    }
}
