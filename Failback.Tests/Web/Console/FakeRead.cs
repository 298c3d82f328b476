using System.Globalization;
using Failback.Messages;
using Failback.Saga;
using Failback.Web;

namespace Failback.Tests;

/// <summary>The door for looking, over a fake site.</summary>
internal sealed class FakeRead(FakeSite site, FakeAsk ask) : IRead
{
    public Task<IReadOnlyList<LogEntryView>> LogAsync(string failedRecorderId, CancellationToken token) =>
        throw new NotSupportedException();

    public Task<LogEntryView?> EntryAsync(Guid entryId, CancellationToken token) => throw new NotSupportedException();

    public Task<MaterialCopyView?> MaterialCopyAsync(Guid entryId, CancellationToken token) => throw new NotSupportedException();

    public Task<IReadOnlyList<SystemChanged>> ChangesSinceAsync(long number, int limit, CancellationToken token) =>
        throw new NotSupportedException();

    public async Task<IReadOnlyList<HomePeriodView>> PeriodsAsync(Guid entryId, CancellationToken token)
    {
        await ask.OpenPeriods.WaitAsync(token);
        return site.Locked<IReadOnlyList<HomePeriodView>>(() =>
        {
            var row = site.Rows.FirstOrDefault(x => x.Entry.EntryId == entryId);
            if (row?.Entry is not { Failback: "Succeeded" } entry)
                return [];
            var inherited = site.Rows.Where(x => x.Entry.InheritedBy == entryId).Select(x => x.Entry);
            return
            [
                .. inherited
                    .Prepend(entry)
                    .Select(x => new HomePeriodView(
                        x.EntryId,
                        x.FailoverServerId,
                        x.FailedRecorderId,
                        x.FailoverStartedAt,
                        x.FailbackEndedAt!.Value
                    )),
            ];
        });
    }

    public Task<IReadOnlyList<RecorderView>> RecordersAsync(string? after, int limit, CancellationToken token) =>
        Said<IReadOnlyList<RecorderView>>(() => [.. ById(after).Select(x => x.Recorder).Take(limit)]);

    public Task<long> LastChangeAsync(CancellationToken token) => Said(() => site.Sequence);

    public Task<LogPage> LogPageAsync(LogQuery query, CancellationToken token) =>
        Said(() =>
        {
            var all = site.Rows.OrderByDescending(x => x.Entry.FailoverStartedAt).Where(x => Fits(x, query)).ToList();
            ask.SeePage();
            var skip = Skip(query.After);
            var rows = all.Skip(skip).Take(query.Limit).ToList();
            var next = skip + rows.Count < all.Count ? (skip + rows.Count).ToString(CultureInfo.InvariantCulture) : null;
            var finalised = site.Rows.Count(x => x.Entry.Finalised);
            return new LogPage(rows, next, site.Rows.Count - finalised, finalised, site.Sequence)
            {
                Waiting = site.Rows.Count(EntryActions.NeedsAPerson),
            };
        });

    public Task<LogRow?> LogRowAsync(Guid entryId, CancellationToken token) =>
        Said(() =>
        {
            ask.SeeRow();
            return site.Rows.FirstOrDefault(x => x.Entry.EntryId == entryId);
        });

    public Task<IReadOnlyList<CheckView>?> ChecksAsync(Guid entryId, Asker asker, CancellationToken token) =>
        Said<IReadOnlyList<CheckView>?>(() =>
        {
            string[] ids = ["R16", "R17", "R18", "R5", "R6", "R7", "R8", "R9", "D18"];
            if (ask.BrokenChecks)
                return [null!];
            var moved = site.Rows.FirstOrDefault(x => x.Entry.EntryId == entryId)?.AddressChange is not null;
            return
            [
                .. ids.Select(x => new CheckView(x, x == "R8" && ask.NoLicence ? FailbackReason.NoLicence : null)),
                new CheckView("R42", moved ? FailbackReason.AddressChanged : null),
            ];
        });

    public Task<RecordersInspected?> InspectionAsync(Guid key, Asker asker, CancellationToken token) =>
        Said(() =>
            ask.Inspected(key) is { } entryId && site.Rows.FirstOrDefault(x => x.Entry.EntryId == entryId) is { } row
                ? Inspected(key, row)
                : null
        );

    public Task<byte[]?> DocumentAsync(DocumentReference document, CancellationToken token) => throw new NotSupportedException();

    /// <summary>Of copies that ended: one that is whole after one that was not, and one that could not be made.</summary>
    public Task<IReadOnlyList<ReportView>> ReportsAsync(Guid entryId, CancellationToken token) =>
        Said<IReadOnlyList<ReportView>>(() =>
            site.Rows.FirstOrDefault(x => x.Entry.EntryId == entryId)?.Copy is { Status: "Succeeded" or "Partial" } copy
                ? [Report(copy, 0, "Made"), Report(copy, 1, "NotMade"), Report(copy, 2, "Made")]
                : []
        );

    public Task<ReportView?> ReportAsync(Guid entryId, Guid reportId, CancellationToken token) => throw new NotSupportedException();

    public Task<string?> ReportKeyAsync(CancellationToken token) => throw new NotSupportedException();

    public Task<IReadOnlyList<RecorderRow>> RecorderRowsAsync(string? after, int limit, CancellationToken token) =>
        Said<IReadOnlyList<RecorderRow>>(() => [.. ById(after).Take(limit)]);

    public Task<IReadOnlyList<CopySummary>> CopiesAsync(string recorderId, CancellationToken token) =>
        Said<IReadOnlyList<CopySummary>>(() => [.. site.Rows.Select(x => x.Copy!).Where(x => x is not null && x.RecorderId == recorderId)]);

    public Task<CopySummary?> CopyAsync(Guid materialCopyId, CancellationToken token) =>
        Said(() => site.Rows.Select(x => x.Copy).FirstOrDefault(x => x?.MaterialCopyId == materialCopyId));

    public Task<IReadOnlyList<CopySummary>> RunningCopiesAsync(CancellationToken token) =>
        Said<IReadOnlyList<CopySummary>>(() =>
            [.. site.Rows.Select(x => x.Copy!).Where(x => x is { EndedAt: null }).DistinctBy(x => x.MaterialCopyId)]
        );

    public Task<IReadOnlyList<ChannelCopyView>> ChannelCopiesAsync(Guid materialCopyId, int? after, int limit, CancellationToken token) =>
        Said<IReadOnlyList<ChannelCopyView>>(() =>
            [.. site.Channels.GetValueOrDefault(materialCopyId, []).Skip((after ?? -1) + 1).Take(limit)]
        );

    public async Task<AuditPage> AuditAsync(AuditQuery query, CancellationToken token)
    {
        if (ask.BeforeAudit is { } before)
            await before().WaitAsync(token);
        return site.Locked(() =>
        {
            var rows = site
                .Audit.Where(x => (Sent(query.Subject) ?? x.Subject) == x.Subject && (Sent(query.Who) ?? x.Who) == x.Who)
                .OrderByDescending(x => x.At);
            Skip(query.After);
            return new AuditPage([.. rows.Take(query.Limit)], rows.Count() > query.Limit ? "50" : null);
        });
    }

    public Task<CopyLimitsView> CopyLimitsAsync(string? recorderId, CancellationToken token) =>
        Said(() =>
            recorderId is null
                ? ask.Limits
                    ?? new CopyLimitsView(
                        null,
                        400_000_000,
                        null,
                        null,
                        "mikko.virtanen",
                        site.Time.GetUtcNow().AddDays(-2),
                        400_000_000,
                        1,
                        null,
                        "Europe/Helsinki"
                    )
                : new CopyLimitsView(
                    recorderId,
                    null,
                    4,
                    "Mon-Fri 20:00-06:00, Sat-Sun",
                    null,
                    null,
                    ask.NoLimit ? null : 400_000_000,
                    4,
                    "Mon-Fri 20:00-06:00, Sat-Sun",
                    "Europe/Helsinki"
                )
        );

    public Task<SystemView> SystemAsync(CancellationToken token) =>
        Said(() =>
            new SystemView(!ask.NoLicence, ask.Maintenance, site.Sequence) { QueuedForPeople = ask.Queues.Rows.Sum(x => x.Messages) }
        );

    public Task<QueuesView> QueuesAsync(CancellationToken token) => Said(() => ask.Queues);

    private static bool Fits(LogRow row, LogQuery query) =>
        (query.Finalised is not { } finalised || row.Entry.Finalised == finalised)
        && (Sent(query.RecorderId) is not { } id || row.Entry.FailedRecorderId == id || row.Entry.FailoverServerId == id)
        && (
            Sent(query.Text) is not { } text
            || $"{row.FailedRecorderName} {row.FailoverServerName} {row.Entry.FailedRecorderId}".Contains(
                text,
                StringComparison.OrdinalIgnoreCase
            )
        )
        && (query.From is not { } from || row.Entry.FailoverStartedAt >= from)
        && (query.To is not { } to || row.Entry.FailoverStartedAt < to);

    /// <summary>As the database and the door would: what they cannot read is a fault.</summary>
    private static int Skip(string? after) =>
        after is null ? 0
        : int.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var skip) ? skip
        : throw new ArgumentException("must be what the page before gave as Next", nameof(after));

    private static string? Sent(string? text) =>
        text?.Contains('\0') == true ? throw new InvalidOperationException("invalid byte sequence for encoding UTF8: 0x00") : text;

    private ReportView Report(CopySummary copy, int age, string status)
    {
        var at = site.Time.GetUtcNow().AddHours(-1 - 7 * age);
        var isMade = status == "Made";
        return new(
            DerivedId.Of("report", copy.MaterialCopyId, age),
            copy.EntryId,
            status,
            CoverageEvidence.Listings,
            at,
            isMade ? at.AddSeconds(40) : null,
            isMade ? copy.Status == "Succeeded" && age == 0 : null,
            [],
            null,
            null,
            isMade && age == 0 ? "c2ln" : null,
            null,
            isMade ? null : CopyFailure.NoFailoverServerConnection,
            null
        );
    }

    private RecordersInspected Inspected(Guid key, LogRow row) =>
        new()
        {
            RequestId = key,
            EntryId = row.Entry.EntryId,
            Recorder = new()
            {
                RecorderId = row.Entry.FailedRecorderId,
                Reachable = true,
                IdentityMatches = !ask.Stranger,
                LiveRole = "Broken",
                SoftwareVersion = "9.8.1",
                ClockOffsetMilliseconds = -120,
            },
            FailoverServer = new()
            {
                RecorderId = row.Entry.FailoverServerId,
                Reachable = true,
                IdentityMatches = true,
                LiveRole = "Recorder",
                Recording = true,
                SoftwareVersion = "9.8.1",
                ClockOffsetMilliseconds = 15,
            },
            Settings = new() { Digest = "then", Length = 4_212 },
            SettingsNow = new() { Digest = "now", Length = 4_180 },
            Differences =
            [
                new()
                {
                    Path = "channels[0].fps",
                    Before = "12",
                    After = "25",
                },
                new() { Path = "channels[2]", After = """{"id":"cam-5","fps":25}""" },
                new() { Path = "masks.cam-1", Before = "none" },
                new()
                {
                    Path = "network.ntp",
                    Before = "10.20.1.1",
                    After = "10.20.1.9",
                },
            ],
            MoreDifferences = 2,
            ChannelCopies = FakeChannels.Count,
            Items = 48_210,
            Bytes = 96_400_000_000,
        };

    private IEnumerable<RecorderRow> ById(string? after) =>
        site
            .Recorders.Where(x => after is null || string.CompareOrdinal(x.Recorder.RecorderId, after) > 0)
            .OrderBy(x => x.Recorder.RecorderId, StringComparer.Ordinal);

    private Task<T> Said<T>(Func<T> look) => Task.FromResult(site.Locked(look));
}
