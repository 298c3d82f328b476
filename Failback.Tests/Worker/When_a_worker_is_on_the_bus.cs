using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using MassTransit;
using MassTransit.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

/// <summary>Every command has its answer; what the answers say is specified where the work is done.</summary>
[Covers("R38", "R39")]
public sealed class When_a_worker_is_on_the_bus : IAsyncLifetime
{
    private readonly WorkerSite site = new();
    private readonly ServiceProvider services;

    public When_a_worker_is_on_the_bus()
    {
        var configuration = new ConfigurationBuilder().Build();
        services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton<TimeProvider>(site.Clock)
            .AddSingleton<IRecorderRegistry>(site)
            .AddSingleton<IDocuments>(site.Documents)
            .AddFailbackWorker(configuration)
            .AddMassTransitTestHarness(TextWriter.Null, x => x.AddWorkerConsumers())
            .BuildServiceProvider(validateScopes: true);
    }

    private ITestHarness Harness => services.GetRequiredService<ITestHarness>();

    public async ValueTask InitializeAsync() => await Harness.Start();

    public async ValueTask DisposeAsync() => await services.DisposeAsync();

    [Fact]
    public async Task a_slice_is_answered_with_its_ids_and_who_did_it()
    {
        site.RecordTenSegments();
        var job = Job();

        var answer = await AnswerAsync<ChannelDataAnswered>(job);

        Assert.Equal(
            (job.MaterialCopyId, job.ChannelCopyId, job.SliceId, job.Epoch),
            (answer.MaterialCopyId, answer.ChannelCopyId, answer.SliceId, answer.Epoch)
        );
        Assert.Equal((SliceOutcome.Done, 10, job.To), (answer.Outcome, answer.Verified, answer.Reached));
        Assert.Equal($"{Environment.MachineName}:{Environment.ProcessId}", answer.Worker);
    }

    [Fact]
    public async Task a_slice_that_makes_no_sense_is_answered_and_touches_no_recorder()
    {
        var answer = await AnswerAsync<ChannelDataAnswered>(Job() with { MaxItems = 1_000_000 });

        Assert.Equal((SliceOutcome.Failed, CopyFailure.InternalError, Noon), (answer.Outcome, answer.Failure, answer.Reached));
        Assert.Equal("MaxItems: 1 to 5000", answer.Detail);
        Assert.Empty(site.FailoverServer.Calls);
    }

    [Fact]
    public async Task a_restore_is_answered()
    {
        (site.Recorder.Role, site.FailoverServer.Settings) = (LiveRole.Broken, SettingsOf("fresh"));

        var recording = await AnswerAsync<RecorderRecording>(Restore());

        Assert.Equal(SettingsOf("fresh").Digest, recording.Settings.Digest);
    }

    [Fact]
    public async Task a_restore_that_fails_is_answered()
    {
        site.Recorder.Role = LiveRole.FailoverServer;

        Assert.Equal(FailbackReason.RecorderInWrongState, (await AnswerAsync<RecorderNotRestored>(Restore())).Reason);
    }

    [Fact]
    public async Task a_void_attempt_is_answered_by_silence_and_is_no_fault()
    {
        site.Recorder.LastAttempt = new RestoreAttempt(Entry, 9);
        await Harness.Bus.Publish(Restore(), TestContext.Current.CancellationToken);

        Assert.True(await Harness.Consumed.Any<RestoreRecorder>(TestContext.Current.CancellationToken));
        Assert.False(Harness.Published.Select<RecorderRecording>(TestContext.Current.CancellationToken).Any());
        Assert.False(Harness.Published.Select<RecorderNotRestored>(TestContext.Current.CancellationToken).Any());
        Assert.False(Harness.Published.Select<Fault<RestoreRecorder>>(TestContext.Current.CancellationToken).Any());
    }

    [Fact]
    public async Task a_release_is_answered() =>
        Assert.Equal(
            "fo-1",
            (
                await AnswerAsync<FailoverServerReleased>(
                    new ReleaseFailoverServer
                    {
                        EntryId = Entry,
                        FailedRecorderId = "rec-1",
                        Attempt = 1,
                        FailoverServer = FailoverServerAt,
                    }
                )
            ).FailoverServerId
        );

    [Fact]
    public async Task an_inspection_is_answered() =>
        Assert.Equal(
            Entry,
            (
                await AnswerAsync<RecordersInspected>(
                    new InspectRecorders
                    {
                        RequestId = Guid.NewGuid(),
                        EntryId = Entry,
                        Recorder = RecorderAt,
                        FailoverServer = FailoverServerAt,
                        From = Noon,
                        To = Noon.AddHours(1),
                    }
                )
            ).EntryId
        );

    [Fact]
    public async Task reading_settings_is_answered() =>
        Assert.Equal(
            FailbackReason.NoRecorderSettings,
            (await AnswerAsync<RecorderSettingsRead>(new ReadRecorderSettings { RequestId = Guid.NewGuid(), Recorder = RecorderAt })).Reason
        );

    [Fact]
    public async Task a_plan_is_answered()
    {
        var source = new CopySource
        {
            EntryId = Entry,
            Source = FailoverServerAt,
            OriginRecorderId = "rec-1",
            From = Noon,
            To = Noon.AddHours(1),
        };
        var work = new PlanMaterialCopy
        {
            MaterialCopyId = Guid.NewGuid(),
            Epoch = 4,
            Target = RecorderAt,
            Sources = [source],
        };

        var planned = await AnswerAsync<MaterialCopyPlanned>(work);

        Assert.Equal((work.MaterialCopyId, 4), (planned.MaterialCopyId, planned.Epoch));
        Assert.NotNull(planned.Plan);
    }

    [Fact]
    public async Task a_report_is_answered()
    {
        var work = When_a_material_copy_is_proved.Work(new DocumentReference { Digest = new string('0', 64), Length = 1 });

        var proved = await AnswerAsync<MaterialCopyProved>(work);

        Assert.Equal((work.ReportId, work.MaterialCopyId), (proved.ReportId, proved.MaterialCopyId));
        Assert.Equal((CopyFailure.InternalError, "Counted: must be a document with tracks"), (proved.Failure, proved.Detail));
    }

    [Fact]
    public async Task a_hold_and_its_end_are_answered()
    {
        var hold = new HoldPeriod
        {
            HoldId = Entry,
            FailoverServer = FailoverServerAt,
            OriginRecorderId = "rec-1",
            From = Noon,
        };
        Assert.True((await AnswerAsync<HoldChanged>(hold)).Held);

        await Harness.Bus.Publish(
            new ReleaseHold { HoldId = Entry, FailoverServer = FailoverServerAt },
            TestContext.Current.CancellationToken
        );
        Assert.True(await Harness.Published.Any<HoldChanged>(x => !x.Context.Message.Held, TestContext.Current.CancellationToken));
    }

    private static RestoreRecorder Restore() =>
        new()
        {
            EntryId = Entry,
            Attempt = 1,
            Recorder = RecorderAt,
            FailoverServer = FailoverServerAt,
        };

    private async Task<T> AnswerAsync<T>(object command)
        where T : class
    {
        await Harness.Bus.Publish(command, TestContext.Current.CancellationToken);
        Assert.True(await Harness.Published.Any<T>(TestContext.Current.CancellationToken), $"{typeof(T).Name} is published");
        return Harness.Published.Select<T>(TestContext.Current.CancellationToken).First().Context.Message;
    }
}
