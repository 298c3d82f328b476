using Failback.Saga;

namespace Failback.Benchmarks;

/// <summary>A page, or a list of the API; and what gives the same rows to somebody who has a shell on the database.</summary>
/// <param name="Last">A text of the last row: without it the rows have not come.</param>
/// <param name="Sql">The page's rows in one statement, without what else stands on the page.</param>
internal sealed record ConsoleCall(string Name, string Path, bool IsPage, string Last, string Sql)
{
    private const int PageOfLog = 25;
    private const int PageOfChannels = 200;
    private const int Page = 50;
    private const int PageOfChanges = 1_000;

    /// <summary>Entries with their recorders' names and their copies added up.</summary>
    private const string Log = """
        select e.*, r.name, s.name, m.current_state, c.* from failover_log e
        left join recorder r on r.recorder_id = e.failed_recorder_id
        left join recorder s on s.recorder_id = e.failover_server_id
        left join material_copy m on m.recorder_id = e.failed_recorder_id and m.entry_id = e.entry_id
        left join lateral (select count(*), sum(planned_items), sum(copied + already_there), sum(planned_bytes), sum(bytes_copied)
        from channel_copy where material_copy_id = m.correlation_id) c on true
        """;

    private const string Newest = "order by e.failover_started_at desc, e.entry_id desc limit";

    public static IReadOnlyList<ConsoleCall> All(ConsoleRows rows)
    {
        var entry = ConsoleRows.EntryId(rows.LargeEntry);
        var copy = DerivedId.OfMaterialCopy(entry);
        var (active, finalised) = (Math.Min(PageOfLog, rows.Active), Math.Min(PageOfLog, rows.Entries - rows.Active));
        var changes = Math.Min(PageOfChanges, rows.Changes);
        string Id(int number) => ConsoleRows.EntryId(number).ToString();
        string Track(int most) => ConsoleRows.TrackId(Math.Min(most, rows.Largest) - 1);
        var recorder = rows.RecorderId(Math.Min(Page, rows.Recorders) - 1);
        var line = Id((Math.Min(Page, rows.Audits) - 1) % rows.Entries);
        var channels = $"select * from channel_copy where material_copy_id = '{copy}' order by ordinal limit";
        var recorders = $"select * from recorder order by recorder_id limit {Page}";
        var audit = $"select * from audit order by at desc, audit_id desc limit {Page}";
        return
        [
            new(
                "log",
                "/",
                true,
                Id(active - 1),
                $"{Log} where e.failback <> 'Succeeded' or e.material_copy <> 'Succeeded' {Newest} {PageOfLog}"
            ),
            new(
                "finalised",
                "/?list=finalised",
                true,
                Id(rows.Active + finalised - 1),
                $"{Log} where e.failback = 'Succeeded' and e.material_copy = 'Succeeded' {Newest} {PageOfLog}"
            ),
            new("entry", $"/log/{entry}", true, Track(PageOfChannels), $"{channels} {PageOfChannels}"),
            new("recorders", "/recorders", true, recorder, recorders),
            new("audit", "/audit", true, line, audit),
            new("api/log", "/api/log", false, Id(Math.Min(Page, rows.Entries) - 1), $"{Log} {Newest} {Page}"),
            new("api/recorders", "/api/recorders", false, recorder, recorders),
            new("api/channels", $"/api/copies/{copy}/channels", false, Track(Page), $"{channels} {Page}"),
            new("api/audit", "/api/audit", false, line, audit),
            new(
                "api/changes",
                "/api/changes?since=0",
                false,
                $"\"sequence\":{changes}",
                $"select * from system_change where number > 0 order by number limit {PageOfChanges}"
            ),
        ];
    }
}
