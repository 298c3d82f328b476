using System.Diagnostics;
using Failback.Messages;
using Failback.Saga;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Tests;

/// <summary>Many people, a flapping recorder and the system itself, at once, on the bus and both databases.</summary>
[NeedsServer]
public sealed class When_everybody_acts_at_once
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Covers("E5", "I18", "R9")]
    public async Task of_200_requests_one_starts_a_failback_and_199_are_told_which_one_runs(DatabaseKind kind)
    {
        var watch = Stopwatch.StartNew();
        await using var races = await RacesAsync(kind);
        var (saga, spec) = (races.Saga, races.Spec);
        await spec.SiteAsync(automatic: false);
        var entry = await spec.FailoverAsync();
        spec.Worker.Restores = _ => null;

        var requests = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => spec.AskAsync(entry)));

        await Eventually.Equal("refused", 199, () => Refusals(spec, requests).Count, TimeSpan.FromMinutes(1));
        Assert.All(Refusals(spec, requests), x => Assert.Equal((FailbackReason.AlreadyRunning, entry), (x.Reason, x.EntryId)));
        Assert.Single(spec.Worker.Heard<FailbackStarted>().Select(x => (x.EntryId, x.StartedAt)).Distinct());
        Assert.Equal([1], spec.Worker.Heard<RestoreRecorder>().Select(x => x.Attempt).Distinct());
        var notes = await NotesAsync(saga, Rights.StartFailback);
        Assert.Equal((1, 199), (notes.Count(x => x == "Accepted"), notes.Count(x => x == "AlreadyRunning")));
        Figures.Say($"200 requests at once: 1 failback, 199 refused with its entry, 200 audited, {watch.Elapsed.TotalSeconds:0.0} s");
    }

    [Theory, OnBothDatabases]
    [Covers("E1", "D12")]
    public async Task a_recorder_that_flaps_fifty_times_has_one_failback(DatabaseKind kind)
    {
        var watch = Stopwatch.StartNew();
        await using var races = await RacesAsync(kind);
        var spec = races.Spec;
        await spec.SiteAsync();
        var entry = await spec.FailoverAsync();
        spec.Worker.Restores = _ => null;
        await spec.ComesBackAsync();
        await Eventually.True("a failback runs", () => spec.Worker.Heard<RestoreRecorder>().Count > 0);

        var at = FailbackSpec.Morning.AddHours(6);
        await Task.WhenAll([.. Enumerable.Range(0, 50).Select(x => FlapAsync(races.Saga, at.AddSeconds(2 * x))), spec.AskAsync(entry)]);
        await Eventually.True("the person is refused", () => spec.Worker.Heard<FailbackRejected>().Count == 1, TimeSpan.FromMinutes(1));
        await Eventually.Equal(
            "the last connection is known",
            at.AddSeconds(99).UtcDateTime,
            async () => (await races.Saga.In(x => x.RecorderAsync("rec-1", Token)))!.ConnectionChangedAt
        );
        var told = spec.Worker.Heard<RestoreRecorder>()[0];
        await races.Saga.TellAsync(ObedientWorker.Recording(told));
        await spec.BecomesAsync(entry, "Succeeded");

        Assert.Single(spec.Worker.Heard<FailbackStarted>().Select(x => x.StartedAt).Distinct());
        Assert.Equal([told.Attempt], spec.Worker.Heard<RestoreRecorder>().Select(x => x.Attempt).Distinct());
        Assert.Empty(spec.Worker.Heard<FailbackFailed>());
        Figures.Say($"50 disconnects and connects during 1 failback: 1 failback, {watch.Elapsed.TotalSeconds:0.0} s");
    }

    private static async Task FlapAsync(SagaProcess saga, DateTimeOffset at)
    {
        await saga.TellAsync(new RecorderDisconnected { RecorderId = "rec-1", At = at });
        await saga.TellAsync(new RecorderReconnected { RecorderId = "rec-1", At = at.AddSeconds(1) });
    }

    private static List<FailbackRejected> Refusals(FailbackSpec spec, Guid[] requests) =>
        [.. spec.Worker.Heard<FailbackRejected>().Where(x => requests.Contains(x.RequestId)).DistinctBy(x => x.RequestId)];

    private static async Task<List<string>> NotesAsync(SagaProcess saga, string what)
    {
        await using var scope = saga.Service<IServiceScopeFactory>().CreateAsyncScope();
        var notes = scope.ServiceProvider.GetRequiredService<FailbackDbContext>().Set<Audit>().AsNoTracking();
        return await notes.Where(x => x.What == what).Select(x => x.Outcome).ToListAsync(Token);
    }

    private static async Task<Races> RacesAsync(DatabaseKind kind)
    {
        var (vhost, database) = (await Servers.NewVhostAsync(), await SpecDatabase.CreateAsync(kind));
        var saga = await SagaProcess.StartAsync(database.ConnectionString, vhost.Address);
        return new Races(vhost, database, saga, new FailbackSpec(saga));
    }

    private sealed record Races(RabbitVhost Vhost, SpecDatabase Database, SagaProcess Saga, FailbackSpec Spec) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Saga.DisposeAsync();
            await Database.DisposeAsync();
            await Vhost.DisposeAsync();
        }
    }
}
