using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using Microsoft.Extensions.DependencyInjection;
using static Failback.Tests.PersistenceSpec;

namespace Failback.Tests;

/// <summary>Reports on what came home, on both databases; a document goes with its last report and not before.</summary>
[NeedsServer]
[Covers("T25")]
public sealed class What_the_store_reads_of_reports
{
    private static readonly DateTime Noon = new(2026, 5, 1, 12, 0, 0, DateTimeKind.Utc);
    private static readonly Guid Entry = Guid.NewGuid();

    [Theory, OnBothDatabases]
    public async Task as_they_were_kept_newest_first_and_those_that_are_asked_for(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        CopyProof[] rows =
        [
            Proof(2, ProofStatus.Made) with
            {
                Counts = [Count(CoverageMark.Copied, 7), Count(CoverageMark.Missing, 1)],
                MadeAt = Noon.AddMicroseconds(7),
                Failure = CopyFailure.HoldLost,
                Length = 6_000_000_000,
            },
            Proof(4, ProofStatus.Asked),
            Proof(3, ProofStatus.NotMade),
            Proof(1, ProofStatus.Asked) with
            {
                EntryId = Guid.NewGuid(),
            },
        ];
        await spec.RunAsync([.. rows.Select(x => new Save(x))]);

        var read = await spec.ReadAsync((x, t) => x.ReportsOfAsync(Entry, t));
        Assert.Equal(new[] { 1, 2, 0 }.Select(x => rows[x].ReportId), read.Select(x => x.ReportId));
        Assert.Equivalent(rows[0] with { Version = 1 }, read[2], strict: true);
        Assert.Equal(rows[0].Counts, read[2].Counts);
        Assert.Equal([rows[3].ReportId, rows[1].ReportId], await AskedAsync(spec, 10));
        Assert.Equal([rows[3].ReportId], await AskedAsync(spec, 1));

        await spec.RunAsync(new Save(read[0] with { Status = ProofStatus.Made, AnswerDueAt = null }));
        Assert.Equal([rows[3].ReportId], await AskedAsync(spec, 10));
        Assert.Equal(2, (await spec.ReadAsync((x, t) => x.ReportAsync(rows[1].ReportId, t)))!.Version);
        Assert.Null(await spec.ReadAsync((x, t) => x.ReportAsync(Guid.NewGuid(), t)));
    }

    [Theory, OnBothDatabases]
    public async Task a_document_goes_with_the_last_report_that_it_is_of(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        var documents = spec.Services.GetRequiredService<IDocuments>();
        var token = TestContext.Current.CancellationToken;
        var (report, other) = (await documents.PutAsync(new byte[] { 1 }, token), await documents.PutAsync(new byte[] { 2 }, token));
        CopyProof[] rows =
        [
            Proof(1, ProofStatus.Made) with
            {
                Digest = report.Digest,
            },
            Proof(2, ProofStatus.Made) with
            {
                Digest = report.Digest,
            },
            Proof(3, ProofStatus.NotMade),
        ];
        await spec.RunAsync([.. rows.Select(x => new Save(x))]);

        await ForgetAsync(rows[0], rows[2]);
        Assert.NotNull(await documents.GetAsync(report, token));
        await ForgetAsync(rows[1]);
        Assert.Null(await documents.GetAsync(report, token));
        Assert.NotNull(await documents.GetAsync(other, token));
        Assert.Empty(await spec.RowsAsync<CopyProof>());

        Task ForgetAsync(params CopyProof[] some) =>
            spec.RunAsync(
                async (store, t) =>
                {
                    foreach (var row in some)
                        await store.ApplyAsync([new Forget((await store.ReportAsync(row.ReportId, t))!)], t);
                }
            );
    }

    private static async Task<IEnumerable<Guid>> AskedAsync(PersistenceSpec spec, int limit) =>
        (await spec.ReadAsync((x, t) => x.ReportsAskedAsync(limit, t))).Select(x => x.ReportId);

    private static CoverageCount Count(CoverageMark mark, long items) =>
        new()
        {
            Mark = mark,
            Items = items,
            Bytes = items * 100,
        };

    private static CopyProof Proof(int hour, ProofStatus status) =>
        new()
        {
            ReportId = Guid.NewGuid(),
            EntryId = Entry,
            MaterialCopyId = Guid.NewGuid(),
            RecorderId = "r1",
            Status = status,
            Evidence = CoverageEvidence.Listings,
            AskedAt = Noon.AddHours(hour),
            HoldsUntil = Noon.AddHours(hour + 1),
            AnswerDueAt = status == ProofStatus.Asked ? Noon.AddHours(hour) : null,
        };
}
