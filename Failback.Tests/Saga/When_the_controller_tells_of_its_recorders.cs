using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Tests;

/// <summary>The directory, the log, the settings cache: what is remembered of what the controller and the workers say.</summary>
public sealed class When_the_controller_tells_of_its_recorders : IAsyncLifetime
{
    private readonly SqliteFile _file = new();
    private SagaProcess _saga = null!;
    private FailbackSpec _spec = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _saga = await SagaProcess.StartAsync(_file.ConnectionString);
        _spec = new FailbackSpec(_saga);
    }

    public async ValueTask DisposeAsync()
    {
        await _saga.DisposeAsync();
        _file.Dispose();
    }

    [Fact]
    [Covers("D2")]
    public async Task the_newest_configuration_wins_and_changes_no_role()
    {
        await _spec.SiteAsync();
        await _spec.FailoverAsync();
        await _saga.TellAsync(_spec.Configured("rec-1") with { Version = 100, Name = "new", Address = "http://127.0.0.1:2/" });
        await Row("rec-1", x => x.Name == "new");
        await _saga.TellAsync(_spec.Configured("rec-1") with { Version = 99, Name = "old" });
        await _saga.TellAsync(_spec.Configured("rec-1") with { Version = 101, AddressVersion = 0, Address = "http://127.0.0.1:3/" });
        var row = await Row("rec-1", x => x.ConfigurationVersion == 101);
        Assert.Equal((RecorderRole.Broken, "http://127.0.0.1:2/"), (row.Role, row.Address));
        Assert.Equal("rec-1", row.Name);
    }

    [Fact]
    [Covers("D2")]
    public async Task a_failover_that_overtakes_the_configuration_still_makes_its_roles()
    {
        await _saga.TellAsync(FailbackSpec.Failover(Guid.NewGuid()));
        await Eventually.True("the entry", async () => (await _saga.Read.LogAsync("rec-1", Token)).Count == 1);
        await _saga.TellAsync(_spec.Configured("rec-1"));
        await _saga.TellAsync(_spec.Configured("fo-1"));
        await Row("rec-1", x => x.Role == RecorderRole.Broken);
        await Row("fo-1", x => x.Role == RecorderRole.Recorder);
    }

    [Fact]
    [Covers("D5", "D2", "I23")]
    public async Task a_failover_may_be_told_twice_in_the_wrong_order_or_without_its_start()
    {
        await _spec.SiteAsync();
        var entry = Guid.NewGuid();
        await _saga.TellAsync(FailbackSpec.Failover(entry));
        await Eventually.Equal("held", "Held", async () => (await _saga.Read.EntryAsync(entry, Token))?.Hold);
        var before = await _saga.Read.EntryAsync(entry, Token);
        await _saga.TellAsync(
            new FailoverStarted
            {
                EntryId = entry,
                FailedRecorderId = "rec-1",
                FailoverServerId = "fo-2",
                StartedAt = FailbackSpec.Morning,
            }
        );
        await _saga.TellAsync(FailbackSpec.Failover(entry) with { Succeeded = false });
        await _saga.TellAsync(FailbackSpec.Failover(entry, "rec-2"));
        await Handled();
        Assert.Equal(before, await _saga.Read.EntryAsync(entry, Token));
        Assert.Equal(
            [SystemChangeKind.FailoverStarted, SystemChangeKind.FailoverCompleted],
            (await _saga.Read.ChangesSinceAsync(0, 1_000, Token)).Where(x => x.EntryId == entry).Select(x => x.Kind)
        );
    }

    [Fact]
    [Covers("D5")]
    public async Task a_hold_that_was_lost_is_asked_for_again()
    {
        await _spec.SiteAsync();
        var entry = await _spec.FailoverAsync();
        await _saga.TellAsync(
            new HoldChanged
            {
                HoldId = entry,
                Held = false,
                Failure = CopyFailure.HoldLost,
            }
        );
        await Eventually.Equal("placing", "Placing", async () => (await _saga.Read.EntryAsync(entry, Token))?.Hold);
        var part = _saga.Reconciled<FailbackReconciliation>();
        var effects = await _saga.In(x => part.DueAsync(x, FailbackSpec.Morning.UtcDateTime, starting: true, Token));
        Assert.Contains(effects, x => x is Publish { Message: HoldPeriod { To: null } hold } && hold.HoldId == entry);
    }

    [Fact]
    [Covers("D11", "R20")]
    public async Task the_end_of_maintenance_starts_what_waited()
    {
        await _spec.SiteAsync();
        var entry = await _spec.FailoverAsync();
        await _saga.TellAsync(new MaintenanceModeChanged { On = true, Version = 5 });
        await Eventually.True("on", async () => (await _saga.In(x => x.MaintenanceAsync(Token))).On);
        await _spec.ComesBackAsync();
        await Row("rec-1", x => x.Connected);
        await _saga.TellAsync(new MaintenanceModeChanged { On = false, Version = 4 });
        await Handled();
        Assert.Equal("None", (await _saga.Read.EntryAsync(entry, Token))!.Failback);
        await _saga.TellAsync(new MaintenanceModeChanged { On = false, Version = 6 });
        await _spec.BecomesAsync(entry, "Succeeded");
    }

    [Fact]
    [Covers("D11", "R8")]
    public async Task the_licence_starts_what_waited()
    {
        await _spec.SiteAsync();
        var entry = await _spec.FailoverAsync();
        await _saga.TellAsync(new LicenceChanged { FailoverEnabled = false, Version = 1_000 });
        await Eventually.True("off", async () => !(await _saga.In(x => x.LicenceAsync(Token))).FailoverEnabled);
        await _spec.ComesBackAsync();
        await Row("rec-1", x => x.Connected);
        await Handled();
        Assert.Equal("None", (await _saga.Read.EntryAsync(entry, Token))!.Failback);
        await _saga.TellAsync(new LicenceChanged { FailoverEnabled = true, Version = 1_001 });
        await _spec.BecomesAsync(entry, "Succeeded");
    }

    [Fact]
    [Covers("D11")]
    public async Task a_snapshot_heals_a_reconnection_that_was_lost()
    {
        await _spec.SiteAsync();
        var entry = await _spec.FailoverAsync();
        await _saga.TellAsync(Snapshot());
        await _spec.BecomesAsync(entry, "Succeeded");
    }

    /// <summary>Its queue was deleted, say: without the failover in the log nobody would copy its footage.</summary>
    [Fact]
    [Covers("B9", "I24")]
    public async Task a_snapshot_heals_a_failover_that_was_lost()
    {
        await _spec.SiteAsync();
        var lost = new FailoverCompleted
        {
            EntryId = Guid.NewGuid(),
            FailedRecorderId = "rec-1",
            FailoverServerId = "fo-1",
            StartedAt = FailbackSpec.Morning,
            CompletedAt = FailbackSpec.Morning.AddMinutes(1),
            Succeeded = true,
        };
        var snapshot = Snapshot() with { Failovers = [lost] };
        await _saga.TellAsync(snapshot);
        await Eventually.Equal("held", "Held", async () => (await _saga.Read.EntryAsync(lost.EntryId, Token))?.Hold);
        await _saga.TellAsync(snapshot);
        await Handled();
        var told = (await _saga.Read.ChangesSinceAsync(0, 1_000, Token)).Where(x => x.EntryId == lost.EntryId);
        Assert.Single(told, x => x.Kind == SystemChangeKind.FailoverCompleted);
    }

    [Fact]
    [Covers("D15", "D16", "R11", "E8")]
    public async Task settings_are_read_when_a_recorder_is_connected_and_the_last_good_ones_stay()
    {
        await _spec.SiteAsync();
        var documents = _saga.Service<IDocuments>();
        var (good, newer) = (await documents.PutAsync(new byte[] { 1 }, Token), await documents.PutAsync(new byte[] { 2, 2 }, Token));
        await _saga.TellAsync(new RecorderReconnected { RecorderId = "fo-2", At = FailbackSpec.Morning });
        await Eventually.True("it is read", () => _spec.Worker.Heard<ReadRecorderSettings>().Any(x => x.Recorder.RecorderId == "fo-2"));
        await _saga.TellAsync(Read(good, 1));
        await Cached(good);
        await _saga.TellAsync(Read(good with { Digest = new string('0', 64) }, 2));
        await _saga.TellAsync(Read(newer with { Length = 3 }, 3));
        await _saga.TellAsync(Read(newer, 0));
        await _saga.TellAsync(
            new RecorderSettingsRead
            {
                RequestId = Guid.NewGuid(),
                RecorderId = "fo-2",
                ReadAt = FailbackSpec.Morning.AddHours(9),
            }
        );
        await Handled();
        await Cached(good);
        await _saga.TellAsync(CachedNow("fo-2", newer, 7));
        await Cached(newer);
        await _saga.TellAsync(CachedNow("fo-2", good, 6));
        await Handled();
        await Cached(newer);

        static RecorderSettingsRead Read(DocumentReference settings, int hour) =>
            new()
            {
                RequestId = Guid.NewGuid(),
                RecorderId = "fo-2",
                Settings = settings,
                ReadAt = FailbackSpec.Morning.AddHours(hour),
            };
    }

    [Fact]
    [Covers("D16")]
    public async Task a_broken_recorders_settings_are_not_read()
    {
        await _spec.SiteAsync(automatic: false);
        await _spec.FailoverAsync();
        await _spec.ComesBackAsync();
        await Row("rec-1", x => x.Connected);
        await _saga.TellAsync(new RecorderReconnected { RecorderId = "fo-1", At = FailbackSpec.Morning.AddHours(6) });
        await Eventually.True(
            "the other is read",
            () => _spec.Worker.Heard<ReadRecorderSettings>().Any(x => x.Recorder.RecorderId == "fo-1")
        );
        Assert.DoesNotContain(_spec.Worker.Heard<ReadRecorderSettings>(), x => x.Recorder.RecorderId == "rec-1");
    }

    [Fact]
    [Covers("D19", "E13")]
    public async Task changes_since_a_number_are_told_again_under_their_numbers()
    {
        await _spec.SiteAsync();
        var changes = await _saga.Read.ChangesSinceAsync(0, 100, Token);
        await Eventually.True("told once", () => _spec.Worker.Heard<SystemChanged>().Count == changes.Count);
        await _saga.TellAsync(new ReportChangesSince { Number = 1 });
        await Eventually.True("told again", () => _spec.Worker.Heard<SystemChanged>().Count == 2 * changes.Count - 1);
        Assert.Equal(changes.Select(x => x.Number), _spec.Worker.Heard<SystemChanged>().Select(x => x.Number).Distinct().Order());
    }

    [Fact]
    [Covers("D14")]
    public async Task an_envelope_out_of_bounds_is_refused_before_anything_is_done()
    {
        await _spec.SiteAsync();
        await _saga.TellAsync(_spec.Configured("rec-\n1") with { Version = 1_000 });
        await _saga.TellAsync(FailbackSpec.Failover(Guid.Empty));
        await Handled();
        Assert.DoesNotContain(await _saga.Read.RecordersAsync(null, 10, Token), x => x.RecorderId.Contains('\n'));
        Assert.Empty(await _saga.Read.LogAsync("rec-1", Token));
    }

    /// <summary>What was published before is handled, on each endpoint, before these are.</summary>
    private async Task Handled()
    {
        var mark = $"mark-{Guid.NewGuid():N}";
        var settings = await _saga.Service<IDocuments>().PutAsync(Guid.NewGuid().ToByteArray(), Token);
        var entry = Guid.NewGuid();
        await _saga.TellAsync(_spec.Configured(mark));
        await _saga.TellAsync(FailbackSpec.Failover(entry, mark) with { Succeeded = false });
        await _saga.TellAsync(CachedNow(mark, settings));
        await Row(mark, x => x.Name == mark);
        await Eventually.True("the log", async () => await _saga.Read.EntryAsync(entry, Token) is not null);
        await Eventually.True("the cache", async () => await _saga.In(x => x.SettingsAsync(mark, Token)) is not null);
    }

    private Task<Recorder> Row(string id, Func<Recorder, bool> holds) =>
        Eventually.Get<Recorder>(id, async () => (await _saga.In(x => x.RecorderAsync(id, Token)))!, x => x is not null && holds(x));

    private static RecorderSettingsCached CachedNow(string id, DocumentReference settings, long version = 1) =>
        new()
        {
            RecorderId = id,
            Version = version,
            Settings = settings,
        };

    private RecorderSnapshot Snapshot() =>
        new()
        {
            Configuration = _spec.Configured("rec-1"),
            Connected = true,
            ConnectionChangedAt = FailbackSpec.Morning.AddHours(5),
        };

    private Task Cached(DocumentReference settings) =>
        Eventually.Equal(
            "the cache",
            (settings.Digest, settings.Length),
            async () => await _saga.In(x => x.SettingsAsync("fo-2", Token)) is { } row ? (row.Digest, row.Length) : ("", 0)
        );
}
