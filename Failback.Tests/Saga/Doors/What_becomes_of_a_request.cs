using Failback.Messages;
using Failback.Saga;
using Microsoft.EntityFrameworkCore;

namespace Failback.Tests;

/// <summary>Who asked through a door is told what was decided; over the whole saga, its bus in memory.</summary>
[NeedsServer]
[Covers("D14")]
public sealed class What_becomes_of_a_request
{
    private static readonly Asker Anna = new("anna", ["operator"]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Covers("R3", "R9", "R48")]
    public async Task it_is_accepted_or_refused_with_the_reason_of_the_saga(DatabaseKind kind)
    {
        await using var database = await SpecDatabase.CreateAsync(kind);
        await using var saga = await SagaProcess.StartAsync(database.ConnectionString);
        var spec = new FailbackSpec(saga);
        await spec.SiteAsync(automatic: false);
        var entry = await spec.FailoverAsync();
        spec.Worker.Restores = _ => null;

        async Task<string> Ask(object request) => await AskAsync(saga, request);
        Assert.Equal("Accepted", await Ask(Wishes.Failback(entry: entry)));
        Assert.Equal("AlreadyRunning", await Ask(Wishes.Failback(entry: entry)));
        Assert.Equal("InvalidLogState", await Ask(Wishes.Copy(entry)));
        Assert.Equal("Accepted", await Ask(Wishes.Cancel()));
        Assert.Equal("InvalidLogState", await Ask(Wishes.Cancel()));
        Assert.Equal("Accepted", await Ask(Wishes.Limits(2)));

        spec.Worker.Restores = ObedientWorker.Recording;
        Assert.Equal("Accepted", await Ask(Wishes.Failback(entry: entry)));
        await spec.BecomesAsync(entry, "Succeeded");
        Assert.Equal("Accepted", await Ask(Wishes.Copy(entry)));
        var copy = DerivedId.OfMaterialCopy(entry);
        Assert.Equal("Accepted", await Ask(Wishes.Pause(copy)));
        Assert.Equal("InvalidLogState", await Ask(Wishes.Pause(copy)));
        Assert.Equal("Paused", (await saga.Read.CopyAsync(copy, Token))?.Status);

        // Each is in the audit twice: asked, and decided.
        var lines = (await saga.Read.AuditAsync(new AuditQuery { Who = "anna", Limit = 200 }, Token)).Rows;
        Assert.Equal((10, 20), (lines.Count(x => x.Outcome == "Asked"), lines.Count));
    }

    [Theory, OnBothDatabases]
    [Covers("B1", "I5")]
    public async Task it_waits_while_nobody_delivers_it_and_is_decided_when_somebody_does(DatabaseKind kind)
    {
        await using var database = await SpecDatabase.CreateAsync(kind);
        await using var door = PersistenceSpec.On(database.ConnectionString, null, _ => { }, DoorsSpec.Add);
        await door.MigrateAsync();
        await door.RunAsync([
            new Save(DoorsSpec.Recorder("rec-1", RecorderRole.Broken)),
            new Save(DoorsSpec.Recorder("fo-1", RecorderRole.Recorder)),
            new Save(new Licence { FailoverEnabled = true }),
            new Save(DoorsSpec.Entry("rec-1", 0)),
        ]);
        var ask = (IAsk)door.Services.GetService(typeof(IAsk))!;
        var entry = (await door.RowsAsync<FailoverLogEntry>()).Single().EntryId;
        var key = Guid.NewGuid();
        Assert.Equal(AskOutcome.Accepted, (await ask.AskAsync(Wishes.Failback(entry: entry), key, Anna, Token)).Outcome);
        Assert.Single(await door.RowsAsync<OutboxMessage>());
        Assert.Equal("Pending", (await ask.RequestAsync(key, Token))?.Outcome);

        await using var saga = await SagaProcess.StartAsync(database.ConnectionString);

        await Eventually.Equal("the request", "Accepted", async () => (await ask.RequestAsync(key, Token))?.Outcome);
        Assert.NotNull((await ask.RequestAsync(key, Token))?.DecidedAt);
        await Eventually.Equal("the failback", "Succeeded", async () => (await saga.Read.EntryAsync(entry, Token))?.Failback);
        Assert.Equal("anna", (await saga.Read.EntryAsync(entry, Token))?.FailbackRequestedBy);
    }

    [Theory, OnBothDatabases]
    public async Task a_dry_run_is_answered_about_its_own_entry_for_who_may_start(DatabaseKind kind)
    {
        await using var database = await SpecDatabase.CreateAsync(kind);
        await using var saga = await SagaProcess.StartAsync(database.ConnectionString);
        var spec = new FailbackSpec(saga);
        await spec.SiteAsync(automatic: false);
        var (entry, key) = (await spec.FailoverAsync(), Guid.NewGuid());
        await saga.Ask.InspectAsync(entry, key, Anna, Token);

        var one = new RecorderInspection { RecorderId = "rec-1", Reachable = true };
        var answer = new RecordersInspected
        {
            RequestId = key,
            EntryId = Guid.NewGuid(),
            Recorder = one,
            FailoverServer = one,
        };
        await saga.TellAsync(answer);
        await Eventually.Equal("the answer is heard", 1, HeardAsync);
        Assert.Equal("Pending", (await saga.Ask.RequestAsync(key, Token))?.Outcome);
        await saga.TellAsync(answer with { EntryId = entry });
        await Eventually.Equal("the request", "Accepted", async () => (await saga.Ask.RequestAsync(key, Token))?.Outcome);
        Assert.Equal(entry, (await saga.Read.InspectionAsync(key, Anna, Token))?.EntryId);
        Assert.Null(await saga.Read.InspectionAsync(key, new Asker("eve", ["guest"]), Token));

        Task<int> HeardAsync() =>
            saga.In(_ =>
                FailbackUnit.Current!.Db.Set<InboxMessage>().CountAsync(x => x.Consumer == "failback-inspections/Inspections", Token)
            );
    }

    private static async Task<string> AskAsync(SagaProcess saga, object request)
    {
        var key = Guid.NewGuid();
        Assert.Equal(new Asked(AskOutcome.Accepted, key), await saga.Ask.AskAsync(request, key, Anna, Token));
        return (
            await Eventually.Get("the request is decided", () => saga.Ask.RequestAsync(key, Token), x => x is { Outcome: not "Pending" })
        )!.Outcome;
    }
}
