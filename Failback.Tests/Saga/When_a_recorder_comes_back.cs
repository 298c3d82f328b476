using Failback.Messages;

namespace Failback.Tests;

public abstract class When_a_recorder_comes_back : IAsyncLifetime
{
    private SagaProcess saga = null!;
    private FailbackSpec spec = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private protected abstract Task<SagaProcess> StartAsync();

    public async ValueTask InitializeAsync()
    {
        saga = await StartAsync();
        spec = new FailbackSpec(saga);
    }

    public virtual async ValueTask DisposeAsync()
    {
        await saga.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    [Covers("R10", "R13", "R14", "R15", "R19", "R21", "R24", "R25", "D2", "D3", "D5")]
    public async Task its_failback_runs_by_itself_and_clients_are_told_at_the_end()
    {
        await spec.SiteAsync();
        var entry = await spec.FailoverAsync();
        Assert.Equal(["fo-1 Recorder", "fo-2 FailoverServer", "rec-1 Broken"], await spec.RolesAsync());
        await spec.ComesBackAsync();
        await spec.BecomesAsync(entry, "Succeeded");
        Assert.Equal(["fo-1 FailoverServer", "fo-2 FailoverServer", "rec-1 Recorder"], await spec.RolesAsync());
        await Eventually.True(
            "clients are told",
            () => spec.Worker.Heard<SystemChanged>().Any(x => x.Kind == SystemChangeKind.FailbackCompleted)
        );
        Assert.Null(await saga.In(x => x.FailbackAsync("rec-1", Token)));
        var changes = await saga.Read.ChangesSinceAsync(0, 1_000, Token);
        Assert.Equal(Enumerable.Range(1, changes.Count).Select(x => (long)x), changes.Select(x => x.Number));
    }

    [Fact]
    [Covers("R22", "R23")]
    public async Task nothing_is_kept_when_nothing_waits_for_it()
    {
        await spec.SiteAsync();
        await spec.ComesBackAsync();
        await Eventually.True(
            "it is connected",
            async () => (await saga.Read.RecordersAsync(null, 10, Token)).Single(x => x.RecorderId == "rec-1").Connected
        );
        var request = await spec.AskAsync();
        await spec.RejectedAsync(request);
        Assert.Null(await saga.In(x => x.FailbackAsync("rec-1", Token)));
    }

    [Fact]
    [Covers("R26", "D6", "I12")]
    public async Task older_entries_are_closed_with_it_and_their_periods_inherited()
    {
        await spec.SiteAsync();
        var older = await spec.FailoverAsync("fo-1");
        var newest = await spec.FailoverAsync("fo-2", hour: 1);
        await spec.ComesBackAsync();
        await spec.BecomesAsync(newest, "Succeeded");
        var closed = (await saga.Read.EntryAsync(older, Token))!;
        Assert.Equal(("Succeeded", newest, "Held"), (closed.Failback, closed.InheritedBy, closed.Hold));
        await Eventually.True(
            "both failover servers are released",
            async () => !(await saga.Read.EntryAsync(older, Token))!.ReleasePending
        );
        Assert.Equal(["fo-1 FailoverServer", "fo-2 FailoverServer", "rec-1 Recorder"], await spec.RolesAsync());
    }

    [Theory]
    [Covers("D3", "D12")]
    [InlineData(FailbackReason.NoRecorderSettings)]
    [InlineData(FailbackReason.SettingsSavingFailed)]
    [InlineData(FailbackReason.Incompatible)]
    [InlineData(FailbackReason.NoRecorderConnection)]
    [InlineData(FailbackReason.NoFailoverServerConnection)]
    [InlineData(FailbackReason.InternalError)]
    public async Task a_failure_before_the_release_leaves_roles_alone_and_the_next_try_succeeds(FailbackReason reason)
    {
        await spec.SiteAsync();
        var entry = await spec.FailoverAsync();
        spec.Worker.Restores = ObedientWorker.NotRestored(reason);
        await spec.ComesBackAsync();
        await spec.BecomesAsync(entry, "Failed");
        Assert.Equal(reason, (await saga.Read.EntryAsync(entry, Token))!.FailbackReason);
        Assert.Equal(["fo-1 Recorder", "fo-2 FailoverServer", "rec-1 Broken"], await spec.RolesAsync());
        Assert.Empty(spec.Worker.Heard<ReleaseFailoverServer>());
        spec.Worker.Restores = ObedientWorker.Recording;
        await spec.AskAsync(entry);
        await spec.BecomesAsync(entry, "Succeeded");
    }

    [Fact]
    [Covers("R3", "R9", "R16", "R17", "R18", "D14")]
    public async Task a_person_may_start_it_with_the_right_and_only_once()
    {
        await spec.SiteAsync(automatic: false);
        var entry = await spec.FailoverAsync();
        Assert.Equal(FailbackReason.Forbidden, (await spec.RejectedAsync(await spec.AskAsync(entry, "guard"))).Reason);
        spec.Worker.Restores = _ => null;
        await spec.AskAsync(entry);
        await spec.BecomesAsync(entry, "Running");
        var again = await spec.RejectedAsync(await spec.AskAsync(entry));
        Assert.Equal((FailbackReason.AlreadyRunning, entry), (again.Reason, again.EntryId));
    }
}

public sealed class When_a_recorder_comes_back_embedded : When_a_recorder_comes_back
{
    private readonly SqliteFile file = new();

    private protected override Task<SagaProcess> StartAsync() => SagaProcess.StartAsync(file.ConnectionString);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        file.Dispose();
    }
}

[NeedsServer]
public sealed class When_a_recorder_comes_back_distributed : When_a_recorder_comes_back
{
    private RabbitVhost vhost = null!;
    private PostgresDatabase database = null!;

    private protected override async Task<SagaProcess> StartAsync()
    {
        vhost = await Servers.NewVhostAsync();
        database = await Servers.NewDatabaseAsync();
        return await SagaProcess.StartAsync(database.ConnectionString, vhost.Address);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await database.DisposeAsync();
        await vhost.DisposeAsync();
    }
}
