using Failback.Saga;
using static Failback.Tests.DoorsSpec;

namespace Failback.Tests;

/// <summary>A page of many rows takes as many statements as one of a single row: they are counted.</summary>
[NeedsServer]
public sealed class What_a_look_costs
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    public async Task a_long_page_costs_as_many_statements_as_a_short_one(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var entries = Enumerable.Range(0, 250).Select(x => Entry($"rec-{x % 50}", x, $"fo-{x % 7}", failedBack: x % 2 == 0)).ToList();
        var copies = entries
            .Where(x => x.Failback == FailbackStatus.Succeeded)
            .Select((x, i) => Copy(x, i % 3 == 0 ? CopyStates.Queued : CopyStates.Partial, i))
            .ToList();
        await spec.AddAsync([
            .. Enumerable.Range(0, 50).Select(x => Recorder($"rec-{x}", RecorderRole.Recorder)),
            .. entries,
            .. copies,
            .. copies.SelectMany(x => Enumerable.Range(0, 4).Select(y => Channel(x, y))),
        ]);

        var (shortOne, few) = await spec.CountedAsync(x => x.LogPageAsync(new LogQuery { Limit = 1 }, Token));
        var (longOne, many) = await spec.CountedAsync(x => x.LogPageAsync(new LogQuery { Limit = 200 }, Token));

        Assert.Equal((1, 200), (shortOne.Rows.Count, longOne.Rows.Count));
        Assert.Equal((9, 9), (few, many));
    }

    [Theory, OnBothDatabases]
    public async Task each_look_costs_as_many_statements_for_many_rows_as_for_one(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        await FillAsync(spec, 1);
        var few = await CostsAsync(spec);
        await FillAsync(spec, 40);
        var many = await CostsAsync(spec);
        Assert.Equal(few, many);
        Assert.Equal(
            "recorders 6, copies 3, copy 3, running 2, channels 1, checks 8, audit 1, limits 2, reports 2, system 4, queues 1",
            many
        );
    }

    private static int filled;

    private static async Task FillAsync(DoorsSpec spec, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var id = Interlocked.Increment(ref filled);
            var entry = Entry("rec-1", id, $"fo-{id}");
            var copies = new[] { Copy(entry, CopyStates.Queued), Copy(Entry($"rec-{id + 1}", id, $"fo-{id}"), CopyStates.Partial) };
            await spec.SaveAsync([entry, .. copies, .. copies.Select(x => Channel(x, 0)), Recorder($"fo-{id}", RecorderRole.Recorder)]);
            await spec.Store.RunAsync(new Note("anna", "asked", "s", "Accepted"));
        }
    }

    private static async Task<string> CostsAsync(DoorsSpec spec)
    {
        var newest = (await spec.Read.LogPageAsync(new LogQuery { Limit = 1 }, Token)).Rows[0].Entry;
        var copy = DerivedId.OfMaterialCopy(newest.EntryId);
        var costs = new (string, int)[]
        {
            ("recorders", (await spec.CountedAsync(x => x.RecorderRowsAsync(null, 200, Token))).Statements),
            ("copies", (await spec.CountedAsync(x => x.CopiesAsync("rec-1", Token))).Statements),
            ("copy", (await spec.CountedAsync(x => x.CopyAsync(copy, Token))).Statements),
            ("running", (await spec.CountedAsync(x => x.RunningCopiesAsync(Token))).Statements),
            ("channels", (await spec.CountedAsync(x => x.ChannelCopiesAsync(copy, null, 500, Token))).Statements),
            ("checks", (await spec.CountedAsync(x => x.ChecksAsync(newest.EntryId, Anna, Token))).Statements),
            ("audit", (await spec.CountedAsync(x => x.AuditAsync(new AuditQuery { Limit = 200 }, Token))).Statements),
            ("limits", (await spec.CountedAsync(x => x.CopyLimitsAsync("rec-1", Token))).Statements),
            ("reports", (await spec.CountedAsync(x => x.ReportsAsync(newest.EntryId, Token))).Statements),
            ("system", (await spec.CountedAsync(x => x.SystemAsync(Token))).Statements),
            ("queues", (await spec.CountedAsync(x => x.QueuesAsync(Token))).Statements),
        };
        return string.Join(", ", costs.Select(x => $"{x.Item1} {x.Item2}"));
    }
}
