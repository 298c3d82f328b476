using System.Diagnostics;
using Failback.Messages;

namespace Failback.Tests;

/// <summary>What a site does to itself while a failback runs: over a real broker, with the log in both databases.</summary>
[NeedsServer]
public sealed class When_the_site_changes_under_a_failback
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Covers("E2", "I7", "I14")]
    public async Task a_second_failover_ends_it_and_the_next_one_serves_the_new_entry(DatabaseKind kind)
    {
        var watch = Stopwatch.StartNew();
        await using var site = await BegunAsync(kind);
        var spec = site.Spec;
        var newer = await spec.FailoverAsync("fo-2", hour: 7);
        await spec.BecomesAsync(site.Entry, "Failed");
        await site.Saga.TellAsync(ObedientWorker.Recording(site.Told));

        spec.Worker.Restores = ObedientWorker.Recording;
        await spec.AskAsync(newer);
        await spec.BecomesAsync(newer, "Succeeded");

        Assert.Equal(FailbackReason.InvalidLogState, (await OnceAsync<FailbackFailed>(spec, x => x.EntryId)).Reason);
        Assert.Equal(newer, (await OnceAsync<FailbackCompleted>(spec, x => x.EntryId)).EntryId);
        Assert.DoesNotContain(spec.Worker.Heard<ReleaseFailoverServer>(), x => x.EntryId == site.Entry && x.Attempt == site.Told.Attempt);
        Figures.Say($"2 failovers, 1 failback failed, 1 succeeded, none both, {watch.Elapsed.TotalSeconds:0.0} s");
    }

    [Theory, OnBothDatabases]
    [Covers("E3", "R6", "D17")]
    public async Task a_failover_server_called_for_another_recorder_is_not_released_and_keeps_the_period(DatabaseKind kind)
    {
        var watch = Stopwatch.StartNew();
        await using var site = await BegunAsync(kind);
        var spec = site.Spec;
        await site.Saga.TellAsync(spec.Configured("rec-2"));
        var other = Guid.NewGuid();
        await site.Saga.TellAsync(FailbackSpec.Failover(other, "rec-2", "fo-1", hour: 7));
        await Eventually.Equal("the other period is held", "Held", async () => (await site.Saga.Read.EntryAsync(other, Token))?.Hold);

        await site.Saga.TellAsync(ObedientWorker.Recording(site.Told));
        await spec.BecomesAsync(site.Entry, "Failed");

        Assert.Equal(FailbackReason.FailoverServerInWrongState, (await site.ViewAsync()).FailbackReason);
        Assert.Empty(spec.Worker.Heard<ReleaseFailoverServer>());
        Assert.Empty(spec.Worker.Heard<ReleaseHold>());
        Assert.Equal("Held", (await site.ViewAsync()).Hold);
        Assert.Contains("fo-1 Recorder", await spec.RolesAsync());
        Figures.Say($"1 failover server with 2 recorders to serve: 0 releases, 2 of 2 periods held, {watch.Elapsed.TotalSeconds:0.0} s");
    }

    [Theory, OnBothDatabases]
    [Covers("E4", "R8")]
    public async Task without_a_licence_none_starts_none_releases_and_a_release_that_began_ends(DatabaseKind kind)
    {
        var watch = Stopwatch.StartNew();
        await using var site = await BegunAsync(kind);
        var spec = site.Spec;
        await site.LicenceAsync(false);
        await site.Saga.TellAsync(ObedientWorker.Recording(site.Told));
        await spec.BecomesAsync(site.Entry, "Failed");
        Assert.Equal(FailbackReason.NoLicence, (await site.ViewAsync()).FailbackReason);
        Assert.Equal(FailbackReason.NoLicence, (await spec.RejectedAsync(await spec.AskAsync(site.Entry))).Reason);
        Assert.Single(spec.Worker.Heard<RestoreRecorder>().Select(x => x.Attempt).Distinct());
        Assert.Empty(spec.Worker.Heard<ReleaseFailoverServer>());

        await site.LicenceAsync(true);
        await site.ReleasingAsync();
        await site.LicenceAsync(false);
        await site.ReleasedAsync();

        await spec.BecomesAsync(site.Entry, "Succeeded");
        await OnceAsync<FailbackCompleted>(spec, x => x.EntryId);
        Figures.Say($"licence gone before, during and after the restore: refused, failed, ended, {watch.Elapsed.TotalSeconds:0.0} s");
    }

    [Theory, OnBothDatabases]
    [Covers("E4", "R20", "D11", "D18")]
    public async Task maintenance_refuses_a_start_and_lets_what_runs_come_to_its_end(DatabaseKind kind)
    {
        var watch = Stopwatch.StartNew();
        await using var site = await BegunAsync(kind);
        var spec = site.Spec;
        await site.MaintenanceAsync(true);
        await site.Saga.TellAsync(ObedientWorker.Recording(site.Told));
        await spec.BecomesAsync(site.Entry, "Succeeded");

        var next = await spec.FailoverAsync("fo-2", hour: 7);
        Assert.Equal(FailbackReason.MaintenanceMode, (await spec.RejectedAsync(await spec.AskAsync(next))).Reason);
        await spec.ComesBackAsync(8);
        await site.MaintenanceAsync(false);
        await spec.AskAsync(next);
        await Eventually.True("a failback runs", () => spec.Worker.Heard<RestoreRecorder>().Any(x => x.EntryId == next));
        Assert.Equal(2, spec.Worker.Heard<FailbackStarted>().Select(x => x.StartedAt).Distinct().Count());
        Figures.Say($"maintenance during a failback: it ended; before one: refused, started after, {watch.Elapsed.TotalSeconds:0.0} s");
    }

    [Theory, OnBothDatabases]
    [Covers("E6", "R9")]
    public async Task a_recorder_that_returns_while_people_ask_has_one_failback(DatabaseKind kind)
    {
        var watch = Stopwatch.StartNew();
        await using var site = await OpenAsync(kind);
        var spec = site.Spec;
        await spec.SiteAsync();
        site.Entry = await spec.FailoverAsync();
        spec.Worker.Restores = _ => null;

        var back = spec.ComesBackAsync();
        var requests = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => spec.AskAsync(site.Entry)));
        await back;
        await Eventually.True("a failback runs", () => spec.Worker.Heard<RestoreRecorder>().Count > 0);
        var by = (await site.ViewAsync()).FailbackTrigger;
        var refused = by == FailbackTrigger.Automatic ? 20 : 19;
        await Eventually.Equal(
            "refused",
            refused,
            () => spec.Worker.Heard<FailbackRejected>().Where(x => requests.Contains(x.RequestId)).DistinctBy(x => x.RequestId).Count()
        );
        await site.Saga.TellAsync(ObedientWorker.Recording(site.Told));
        await spec.BecomesAsync(site.Entry, "Succeeded");

        Assert.All(
            spec.Worker.Heard<FailbackRejected>(),
            x => Assert.Equal((FailbackReason.AlreadyRunning, site.Entry), (x.Reason, x.EntryId))
        );
        Assert.Equal(by, (await OnceAsync<FailbackStarted>(spec, x => x.StartedAt)).Trigger);
        Assert.Single(spec.Worker.Heard<RestoreRecorder>().Select(x => x.Attempt).Distinct());
        await OnceAsync<FailbackCompleted>(spec, x => x.EntryId);
        Figures.Say($"1 return and 20 requests at once: 1 failback ({by}), {refused} refused, {watch.Elapsed.TotalSeconds:0.0} s");
    }

    [Theory, OnBothDatabases]
    [Covers("E14", "I4", "I14", "D18")]
    public async Task it_is_canceled_before_the_release_and_never_after(DatabaseKind kind)
    {
        var watch = Stopwatch.StartNew();
        await using var site = await BegunAsync(kind);
        var spec = site.Spec;
        Assert.Equal(FailbackReason.AlreadyRunning, (await spec.RejectedAsync(await spec.AskAsync(site.Entry))).Reason);
        await site.CancelAsync();
        await spec.BecomesAsync(site.Entry, "Failed");
        Assert.Equal(FailbackReason.Canceled, (await site.ViewAsync()).FailbackReason);
        await site.Saga.TellAsync(ObedientWorker.Recording(site.Told));

        await site.ReleasingAsync();
        Assert.Equal(FailbackReason.InvalidLogState, (await spec.RejectedAsync(await site.CancelAsync())).Reason);
        Assert.Equal(FailbackReason.AlreadyRunning, (await spec.RejectedAsync(await spec.AskAsync(site.Entry))).Reason);
        await site.ReleasedAsync();
        await spec.BecomesAsync(site.Entry, "Succeeded");
        Assert.Equal(FailbackReason.InvalidLogState, (await spec.RejectedAsync(await site.CancelAsync())).Reason);

        Assert.All(
            spec.Worker.Heard<ReleaseFailoverServer>(),
            x => Assert.True(x.Attempt > site.Told.Attempt, "a void attempt was released")
        );
        await OnceAsync<FailbackFailed>(spec, x => x.EntryId);
        await OnceAsync<FailbackCompleted>(spec, x => x.EntryId);
        Figures.Say($"3 cancels and 2 retries at every step: 1 canceled, 1 ended, 4 refused, {watch.Elapsed.TotalSeconds:0.0} s");
    }

    /// <summary>Heard, and of no second one: the log knows before clients do.</summary>
    private static async Task<T> OnceAsync<T>(FailbackSpec spec, Func<T, object> by)
    {
        await Eventually.True($"{typeof(T).Name} is heard", () => spec.Worker.Heard<T>().Count > 0);
        return Assert.Single(spec.Worker.Heard<T>().DistinctBy(by));
    }

    private static async Task<Changing> OpenAsync(DatabaseKind kind)
    {
        var (vhost, database) = (await Servers.NewVhostAsync(), await SpecDatabase.CreateAsync(kind));
        var saga = await SagaProcess.StartAsync(database.ConnectionString, vhost.Address, "--Failback:ManualDuringMaintenance=false");
        return new Changing(vhost, database, saga, new FailbackSpec(saga));
    }

    /// <summary>A person's failback whose restore is not answered yet.</summary>
    private static async Task<Changing> BegunAsync(DatabaseKind kind)
    {
        var site = await OpenAsync(kind);
        await site.Spec.SiteAsync(automatic: false);
        site.Entry = await site.Spec.FailoverAsync();
        site.Spec.Worker.Restores = _ => null;
        await site.Spec.AskAsync(site.Entry);
        await Eventually.True("a failback runs", () => site.Spec.Worker.Heard<RestoreRecorder>().Count > 0);
        return site;
    }

    private sealed record Changing(RabbitVhost Vhost, SpecDatabase Database, SagaProcess Saga, FailbackSpec Spec) : IAsyncDisposable
    {
        private long version = 1_000;

        public Guid Entry { get; set; }

        /// <summary>The first restore that was ordered.</summary>
        public RestoreRecorder Told => Spec.Worker.Heard<RestoreRecorder>()[0];

        public async Task<Failback.Saga.LogEntryView> ViewAsync() => (await Saga.Read.EntryAsync(Entry, Token))!;

        /// <summary>A new start, up to the order to release, which is not answered.</summary>
        public async Task ReleasingAsync()
        {
            Spec.Worker.Releases = false;
            Spec.Worker.Restores = ObedientWorker.Recording;
            await Spec.AskAsync(Entry);
            await Eventually.True("the release is ordered", () => Spec.Worker.Heard<ReleaseFailoverServer>().Count > 0);
        }

        public Task ReleasedAsync()
        {
            var told = Spec.Worker.Heard<ReleaseFailoverServer>()[^1];
            return Saga.TellAsync(
                new FailoverServerReleased
                {
                    EntryId = told.EntryId,
                    FailedRecorderId = told.FailedRecorderId,
                    Attempt = told.Attempt,
                    FailoverServerId = told.FailoverServer.RecorderId,
                    ReleasedAt = DateTimeOffset.UnixEpoch,
                }
            );
        }

        public async Task LicenceAsync(bool on)
        {
            await Saga.TellAsync(new LicenceChanged { FailoverEnabled = on, Version = ++version });
            await Eventually.Equal("the licence is known", on, async () => (await Saga.In(x => x.LicenceAsync(Token))).FailoverEnabled);
        }

        public async Task MaintenanceAsync(bool on)
        {
            await Saga.TellAsync(new MaintenanceModeChanged { On = on, Version = ++version });
            await Eventually.Equal("maintenance is known", on, async () => (await Saga.In(x => x.MaintenanceAsync(Token))).On);
        }

        public async Task<Guid> CancelAsync()
        {
            var request = Guid.NewGuid();
            await Saga.TellAsync(
                new CancelFailback
                {
                    RequestId = request,
                    FailedRecorderId = "rec-1",
                    RequestedBy = "anna",
                    Roles = ["operator"],
                }
            );
            return request;
        }

        public async ValueTask DisposeAsync()
        {
            await Saga.DisposeAsync();
            await Database.DisposeAsync();
            await Vhost.DisposeAsync();
        }
    }
}
