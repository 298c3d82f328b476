using Failback.Messages;
using Failback.Saga;
using static Failback.Tests.DoorsSpec;

namespace Failback.Tests;

/// <summary>Reports on what came home, as people and programs are shown them.</summary>
[NeedsServer]
[Covers("D6", "T25")]
public sealed class When_reports_are_looked_at
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    public async Task they_are_those_of_the_copy_that_has_the_period(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var (used, another) = (Entry("rec-1", 10, failedBack: true), Entry("rec-2", 0, failedBack: true));
        var closed = Entry("rec-1", 0, "fo-2", failedBack: true) with { InheritedBy = used.EntryId };
        var (first, second, others) = (Proof(used, 1, "key 1"), Proof(used, 2, null), Proof(another, 0, "key 0"));
        await spec.SaveAsync([used, another, closed, first, second, others]);

        foreach (var entry in new[] { used, closed })
        {
            var reports = await spec.Read.ReportsAsync(entry.EntryId, Token);
            Assert.Equal([second.ReportId, first.ReportId], reports.Select(x => x.ReportId));
            Assert.Equal([false, true], reports.Select(x => x.Signed));
            Assert.Equal(reports[1].Root, (await spec.Read.ReportAsync(entry.EntryId, first.ReportId, Token))!.Root);
            Assert.Null(await spec.Read.ReportAsync(entry.EntryId, others.ReportId, Token));
        }
        Assert.Empty(await spec.Read.ReportsAsync(Guid.NewGuid(), Token));
        Assert.Null(await spec.Read.ReportAsync(Guid.NewGuid(), first.ReportId, Token));
        Assert.Equal("key 1", await spec.Read.ReportKeyAsync(Token));
    }

    [Theory, OnBothDatabases]
    public async Task what_is_not_made_is_neither_whole_nor_not(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var entry = Entry("rec-1", 0, failedBack: true);
        var given = Proof(entry, 1, null) with
        {
            Status = ProofStatus.NotMade,
            Failure = CopyFailure.NoRecorderConnection,
            Detail = "no route",
            Digest = null,
        };
        await spec.SaveAsync([entry, given]);

        var view = Assert.Single(await spec.Read.ReportsAsync(entry.EntryId, Token));

        Assert.Equal(("NotMade", null, CopyFailure.NoRecorderConnection, "no route"), (view.Status, view.Whole, view.Failure, view.Detail));
        Assert.Null(view.Document);
        Assert.Null(await spec.Read.ReportKeyAsync(Token));
    }

    private static CopyProof Proof(FailoverLogEntry entry, int hour, string? key) =>
        new()
        {
            ReportId = Guid.NewGuid(),
            EntryId = entry.EntryId,
            MaterialCopyId = DerivedId.OfMaterialCopy(entry.EntryId),
            RecorderId = entry.FailedRecorderId,
            Status = ProofStatus.Made,
            Evidence = CoverageEvidence.Listings,
            AskedAt = Noon.AddHours(hour),
            HoldsUntil = Noon.AddHours(hour + 1),
            MadeAt = Noon.AddHours(hour),
            Whole = true,
            Root = $"root {hour}",
            Digest = new string('a', 64),
            Length = 10,
            Signature = key is null ? null : "c2ln\n",
            PublicKey = key,
        };
}
