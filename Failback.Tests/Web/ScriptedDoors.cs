using System.Collections.Concurrent;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>The saga's doors as a spec scripts them: what is looked at, what is asked, and whether the database is there.</summary>
internal sealed class ScriptedDoors : IRead, IAsk
{
    public static readonly Guid Entry = new("11111111-0000-0000-0000-000000000001");
    public static readonly Guid Report = new("33333333-0000-0000-0000-000000000001");
    public static readonly Guid Copy = new("22222222-0000-0000-0000-000000000001");
    public static readonly DateTimeOffset Then = new(2026, 11, 29, 8, 0, 0, TimeSpan.Zero);
    private readonly Lock gate = new();
    private readonly List<SystemChanged> changes = [];
    private int looks;
    private int faults;

    /// <summary>Rights by role.</summary>
    public ConcurrentDictionary<string, string[]> Roles { get; } = new();

    /// <summary>Thrown by whatever is looked at or asked; null when the database is there.</summary>
    public Exception? Fault { get; set; }

    public string Name { get; set; } = "recorder 1";
    public IReadOnlyList<CopySummary> Running { get; set; } = [];
    public AddressChange? AddressChange { get; set; }

    /// <summary>What becomes of requests.</summary>
    public string Outcome { get; set; } = "Pending";

    /// <summary>How often something was not there.</summary>
    public int Faults => Volatile.Read(ref faults);
    public Func<Guid, Asked> Answers { get; set; } = key => new Asked(AskOutcome.Accepted, key);
    public ConcurrentQueue<(string Message, string Json, Guid Key, Asker Asker)> AskedFor { get; } = new();

    /// <summary>What the door refused and noted in the audit trail.</summary>
    public ConcurrentQueue<(string Message, string Json, Asker Asker)> Refused { get; } = new();
    public LogQuery? LastQuery { get; private set; }
    public RecordersInspected? Inspection { get; set; }

    /// <summary>Null when there is no key: then reports are not signed.</summary>
    public string? PublicKey { get; set; } = "-----BEGIN PUBLIC KEY-----\n";

    public QueuesView Queues { get; set; } = new(null, []);
    public string Signature { get; set; } = "c2ln\n";
    public string ReportStatus { get; set; } = "Made";

    /// <summary>The bytes of the report.</summary>
    public byte[] ReportBytes { get; set; } = "{}"u8.ToArray();

    /// <summary>Looks at changes, live or not.</summary>
    public int Looks => Volatile.Read(ref looks);

    public void Change(int times = 1)
    {
        lock (gate)
            for (var i = 0; i < times; i++)
                changes.Add(
                    new SystemChanged
                    {
                        Number = changes.Count + 1,
                        Kind = SystemChangeKind.MaterialCopyChanged,
                        At = Then,
                        MaterialCopyId = Copy,
                    }
                );
    }

    public static CopySummary Summary(string status = "Copying", long done = 0, long bytes = 1_000) =>
        new(Copy, Entry, "r1", status, Then, Then, null, 1, null, null, null, null, 2, 1, 10, 5, bytes, done, done, 0, 0);

    public Task<long> LastChangeAsync(CancellationToken token) =>
        Look(() =>
        {
            lock (gate)
                return (long)changes.Count;
        });

    public Task<IReadOnlyList<SystemChanged>> ChangesSinceAsync(long number, int limit, CancellationToken token) =>
        Look<IReadOnlyList<SystemChanged>>(() =>
        {
            Interlocked.Increment(ref looks);
            lock (gate)
                return [.. changes.Skip((int)number).Take(limit)];
        });

    public Task<LogPage> LogPageAsync(LogQuery query, CancellationToken token) =>
        Look(() =>
        {
            LastQuery = query;
            return new LogPage([Row()], null, 1, 0, 7);
        });

    public Task<LogRow?> LogRowAsync(Guid entryId, CancellationToken token) => Look(() => entryId == Entry ? Row() : null);

    public Task<LogEntryView?> EntryAsync(Guid entryId, CancellationToken token) => Look(() => entryId == Entry ? View() : null);

    public Task<IReadOnlyList<CheckView>?> ChecksAsync(Guid entryId, Asker asker, CancellationToken token) =>
        Look<IReadOnlyList<CheckView>?>(() =>
            entryId == Entry ? [new CheckView("R5", null), new CheckView("R6", FailbackReason.FailoverServerInWrongState)] : null
        );

    public Task<IReadOnlyList<HomePeriodView>> PeriodsAsync(Guid entryId, CancellationToken token) =>
        Look<IReadOnlyList<HomePeriodView>>(() => [new HomePeriodView(Entry, "f1", "r1", Then, Then.AddHours(1))]);

    public Task<IReadOnlyList<ReportView>> ReportsAsync(Guid entryId, CancellationToken token) =>
        Look<IReadOnlyList<ReportView>>(() => entryId == Entry ? [Made()] : []);

    public Task<ReportView?> ReportAsync(Guid entryId, Guid reportId, CancellationToken token) =>
        Look(() => (entryId, reportId) == (Entry, Report) ? Made() : null);

    public Task<string?> ReportKeyAsync(CancellationToken token) => Look(() => PublicKey);

    public Task<RecordersInspected?> InspectionAsync(Guid key, Asker asker, CancellationToken token) => Look(() => Inspection);

    public Task<IReadOnlyList<RecorderRow>> RecorderRowsAsync(string? after, int limit, CancellationToken token) =>
        Look<IReadOnlyList<RecorderRow>>(() =>
            [
                .. Enumerable
                    .Range(1, 3)
                    .Select(x => $"r{x}")
                    .Where(x => after is null || string.CompareOrdinal(x, after) > 0)
                    .Take(limit)
                    .Select(x => new RecorderRow(
                        new RecorderView(x, Name, "http://127.0.0.1:1", "Broken", true, false),
                        true,
                        false,
                        false,
                        Then,
                        View(),
                        [],
                        0,
                        1
                    )),
            ]
        );

    public Task<IReadOnlyList<CopySummary>> CopiesAsync(string recorderId, CancellationToken token) =>
        Look<IReadOnlyList<CopySummary>>(() => recorderId == "r1" ? [Summary()] : []);

    public Task<CopySummary?> CopyAsync(Guid materialCopyId, CancellationToken token) =>
        Look(() =>
            materialCopyId != Copy ? null
            : Running is [var first, ..] ? first
            : Summary()
        );

    public Task<IReadOnlyList<CopySummary>> RunningCopiesAsync(CancellationToken token) => Look(() => Running);

    public Task<IReadOnlyList<ChannelCopyView>> ChannelCopiesAsync(Guid id, int? after, int limit, CancellationToken token) =>
        Look<IReadOnlyList<ChannelCopyView>>(() =>
            [.. Enumerable.Range((after ?? -1) + 1, 5).Where(x => x < 5).Take(limit).Select(Channel)]
        );

    public Task<AuditPage> AuditAsync(AuditQuery query, CancellationToken token) =>
        Look(() => new AuditPage([new AuditView(Entry, Then, "anna", "failback.start", Entry.ToString(), "Accepted", Name)], null));

    public Task<CopyLimitsView> CopyLimitsAsync(string? recorderId, CancellationToken token) =>
        Look(() => new CopyLimitsView(recorderId, null, 2, null, null, null, null, 2, null, "UTC"));

    public Task<QueuesView> QueuesAsync(CancellationToken token) => Look(() => Queues);

    public Task<SystemView> SystemAsync(CancellationToken token) => Look(() => new SystemView(true, false, 7));

    public Task<byte[]?> DocumentAsync(DocumentReference document, CancellationToken token) =>
        Look<byte[]?>(() => document.Digest == Made().Document!.Digest ? ReportBytes : null);

    public Task<IReadOnlyList<LogEntryView>> LogAsync(string failedRecorderId, CancellationToken token) =>
        Look<IReadOnlyList<LogEntryView>>(() => [View()]);

    public Task<MaterialCopyView?> MaterialCopyAsync(Guid entryId, CancellationToken token) => Look<MaterialCopyView?>(() => null);

    public Task<IReadOnlyList<RecorderView>> RecordersAsync(string? after, int limit, CancellationToken token) =>
        Look<IReadOnlyList<RecorderView>>(() => []);

    public bool Allows(Asker asker, string right) => asker.Roles.Any(x => Roles.TryGetValue(x, out var rights) && rights.Contains(right));

    public Task<Asked> AskAsync(object request, Guid key, Asker asker, CancellationToken token) =>
        Take(request.GetType().Name, "", key, asker);

    public Task<Asked> AskJsonAsync(string message, ReadOnlyMemory<byte> json, Guid key, Asker asker, CancellationToken token) =>
        Take(message, System.Text.Encoding.UTF8.GetString(json.Span), key, asker, PersonRequests.RightTo(message));

    public Task<Asked> PostAsync(string message, ReadOnlyMemory<byte> json, Guid key, Asker asker, CancellationToken token) =>
        Take(message, System.Text.Encoding.UTF8.GetString(json.Span), key, asker, AskRights.Controller);

    public Task<Asked> InspectAsync(Guid entryId, Guid key, Asker asker, CancellationToken token) =>
        Take("inspect-recorders", entryId.ToString(), key, asker, AskRights.StartFailback);

    public Task<RequestView?> RequestAsync(Guid key, CancellationToken token) =>
        Look<RequestView?>(() =>
            AskedFor
                .Where(x => x.Key == key)
                .Select(x => new RequestView(key, x.Message, x.Asker.Name, Then, Outcome, null))
                .FirstOrDefault()
        );

    private Task<Asked> Take(string message, string json, Guid key, Asker asker, string? right = null) =>
        Look(() =>
        {
            if (right is not null && !Allows(asker, right))
            {
                Refused.Enqueue((message, json, asker));
                return new Asked(AskOutcome.Forbidden, key, FailbackReason.Forbidden);
            }
            AskedFor.Enqueue((message, json, key, asker));
            return Answers(key);
        });

    private Task<T> Look<T>(Func<T> found)
    {
        if (Fault is not { } fault)
            return Task.FromResult(found());
        Interlocked.Increment(ref faults);
        return Task.FromException<T>(fault);
    }

    private ReportView Made() =>
        new(
            Report,
            Entry,
            ReportStatus,
            CoverageEvidence.Listings,
            Then,
            Then.AddSeconds(5),
            true,
            [
                new()
                {
                    Mark = CoverageMark.Copied,
                    Items = 10,
                    Bytes = 1_000,
                },
            ],
            new string('b', 64),
            new DocumentReference { Digest = new string('a', 64), Length = ReportBytes.Length },
            PublicKey is null ? null : Signature,
            PublicKey,
            null,
            null
        );

    private LogRow Row() => new(View(), Name, "failover server 1", Summary()) { AddressChange = AddressChange };

    private static LogEntryView View() =>
        new(
            Entry,
            "r1",
            "f1",
            "Succeeded",
            Then,
            "None",
            null,
            null,
            null,
            null,
            null,
            0,
            null,
            MaterialCopyStatus.None,
            null,
            "Held",
            false
        );

    private static ChannelCopyView Channel(int number) =>
        new(
            DerivedId.Of("channel", Copy, Entry, "f1", "r1", DataKind.Video, $"c{number}"),
            Entry,
            "f1",
            DataKind.Video,
            $"c{number}",
            Then,
            Then.AddHours(1),
            Then,
            "Copying",
            10,
            100,
            10,
            5,
            0,
            5,
            0,
            50,
            [],
            Ordinal: number
        );
}
