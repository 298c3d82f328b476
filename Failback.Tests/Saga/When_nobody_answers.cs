using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>What is lost is asked again (DESIGN: the database is the truth), and what finds no failback is counted, on the bus.</summary>
public sealed class When_nobody_answers : IAsyncLifetime
{
    private readonly SqliteFile _file = new();
    private SagaProcess _saga = null!;
    private FailbackSpec _spec = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _saga = await SagaProcess.StartAsync(_file.ConnectionString);
        _spec = new FailbackSpec(_saga);
        await _spec.SiteAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _saga.DisposeAsync();
        _file.Dispose();
    }

    [Fact]
    [Covers("D9", "A25")]
    public async Task an_unanswered_restore_and_release_are_asked_again_until_they_are_answered()
    {
        var entry = await _spec.FailoverAsync();
        (_spec.Worker.Restores, _spec.Worker.Releases) = (_ => null, false);
        await _spec.AskAsync(entry);
        await Eventually.True("asked", () => _spec.Worker.Heard<RestoreRecorder>().Count == 1);
        _spec.Worker.Restores = ObedientWorker.Recording;
        await ReconcileAsync();
        await Eventually.Equal("asked again", 2, () => _spec.Worker.Heard<RestoreRecorder>() is { Count: > 0 } all ? all[^1].Attempt : 0);
        await Eventually.True("released", () => _spec.Worker.Heard<ReleaseFailoverServer>().Count == 1);
        _spec.Worker.Releases = true;
        await ReconcileAsync();
        await _spec.BecomesAsync(entry, "Succeeded");
        Assert.Equal(3, (await _saga.Read.EntryAsync(entry, Token))!.Attempt);
    }

    [Fact]
    [Covers("D6")]
    public async Task a_failover_server_of_a_closed_entry_is_asked_until_it_is_released()
    {
        var older = await _spec.FailoverAsync("fo-1");
        var newest = await _spec.FailoverAsync("fo-2", hour: 1);
        _spec.Worker.ReleasesOf = x => x == newest;
        await _spec.AskAsync(newest);
        await _spec.BecomesAsync(newest, "Succeeded");
        Assert.True((await _saga.Read.EntryAsync(older, Token))!.ReleasePending);
        _spec.Worker.ReleasesOf = _ => true;
        await ReconcileAsync();
        await Eventually.True("released", async () => !(await _saga.Read.EntryAsync(older, Token))!.ReleasePending);
        Assert.Contains("fo-1 FailoverServer", await _spec.RolesAsync());
    }

    [Fact]
    [Covers("D11")]
    public async Task the_sweep_starts_what_a_lost_reconnection_left_waiting()
    {
        var entry = await _spec.FailoverAsync();
        await _saga.In(async store =>
        {
            var row = (await store.RecorderAsync("rec-1", Token))!;
            await store.ApplyAsync(
                [new Save(row with { Connected = true, ConnectionChangedAt = FailbackSpec.Morning.UtcDateTime })],
                default
            );
            return true;
        });
        await ReconcileAsync();
        await _spec.BecomesAsync(entry, "Succeeded");
    }

    [Fact]
    [Covers("D10", "A25", "I12")]
    public async Task a_material_copy_whose_request_was_lost_begins_once()
    {
        var entry = await _spec.FailoverAsync();
        await _spec.AskAsync(entry);
        await _spec.BecomesAsync(entry, "Succeeded");
        Assert.Null(await _saga.Read.MaterialCopyAsync(entry, Token));
        // As it is when a recorder that copies by itself came home and the bus forgot the request.
        await _saga.In(async store =>
        {
            var row = (await store.RecorderAsync("rec-1", Token))!;
            await store.ApplyAsync([new Save(row with { AutomaticMaterialCopy = true })], default);
            return true;
        });
        await ReconcileAsync();
        await Eventually.True("it begins", async () => await _saga.Read.MaterialCopyAsync(entry, Token) is not null);
        await ReconcileAsync();
        await Eventually.True("shown", async () => (await _saga.Read.EntryAsync(entry, Token))!.MaterialCopy != MaterialCopyStatus.None);
        await ReconcileAsync();
        Assert.Single((await _saga.In(x => x.MaterialCopiesOfAsync("rec-1", Token)))!);
    }

    [Theory]
    [InlineData(nameof(RecorderRecording))]
    [InlineData(nameof(RecorderNotRestored))]
    [InlineData(nameof(FailoverServerReleased))]
    [InlineData(nameof(RestoreOverdue))]
    [InlineData(nameof(RecorderDisconnected))]
    [InlineData(nameof(FailoverCompleted))]
    public async Task an_event_without_a_failback_is_counted_and_not_dropped_silently(string happened)
    {
        var counted = new ConcurrentBag<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "failback.unhandled.events")
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => counted.Add(string.Join(' ', tags.ToArray().Select(x => x.Value))));
        listener.Start();
        var message = FailbackCells.Variants(happened, FailbackCells.In(FailbackStates.Initial)).First();
        await _saga.TellAsync(message);
        await Eventually.True("counted", () => counted.Contains($"Initial {happened}"));
        Assert.Null(await _saga.In(x => x.FailbackAsync("rec-1", Token)));
    }

    [Fact]
    [Covers("D18")]
    public async Task a_cancel_without_a_failback_is_refused()
    {
        var request = Guid.NewGuid();
        await _saga.TellAsync(
            new CancelFailback
            {
                RequestId = request,
                FailedRecorderId = "rec-1",
                RequestedBy = "anna",
                Roles = ["operator"],
            }
        );
        Assert.Equal(FailbackReason.InvalidLogState, (await _spec.RejectedAsync(request)).Reason);
    }

    /// <summary>What the reconciler asks when it starts again: everything in flight counts as unanswered.</summary>
    private async Task ReconcileAsync()
    {
        var part = _saga.Reconciled<FailbackReconciliation>();
        await _saga.In(async store =>
        {
            await store.ApplyAsync(await part.DueAsync(store, TimeProvider.System.GetUtcNow().ToRow(), starting: true, Token), Token);
            return true;
        });
    }
}
