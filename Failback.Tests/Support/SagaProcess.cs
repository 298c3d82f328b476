using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Tests;

/// <summary>The Saga room in a host of its own, on the bus and database given, beside a worker that a spec scripts.</summary>
internal sealed class SagaProcess : IAsyncDisposable
{
    private readonly WebApplication app;

    private SagaProcess(WebApplication app) => this.app = app;

    /// <summary>To its own address; the caller disposes it.</summary>
    public HttpClient Http => new() { BaseAddress = new Uri(app.Urls.First()) };
    public IBus Bus => app.Services.GetRequiredService<IBus>();
    public IRead Read => app.Services.GetRequiredService<IRead>();
    public IAsk Ask => app.Services.GetRequiredService<IAsk>();
    public IFailbackUnits Units => app.Services.GetRequiredService<IFailbackUnits>();
    public ObedientWorker Worker => app.Services.GetRequiredService<ObedientWorker>();

    public static async Task<SagaProcess> StartAsync(string database, Uri? bus = null, params string[] settings)
    {
        List<string> args =
        [
            $"--ConnectionStrings:Database={database}",
            "--Failback:Saga:StableSeconds=0",
            "--Failback:Roles:operator:0=failback.start",
            "--Failback:Roles:operator:1=copy.start",
            "--Failback:Roles:operator:2=copy.control",
            "--Logging:LogLevel:Default=Warning",
            .. settings,
        ];
        if (bus is not null)
            args.Add($"--ConnectionStrings:Bus={bus}");
        var app = FailbackHost.Build(
            [.. args],
            "saga-spec",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddSingleton<ObedientWorker>();
                services.AddFailbackSaga(configuration);
                services.AddFailbackBus(
                    configuration,
                    x =>
                    {
                        x.AddSagaRoom();
                        x.AddConsumer<ObedientWorker.Consumer>().Endpoint(y => y.Name = "scripted-worker");
                    }
                );
            }
        );
        await app.StartAsync();
        await app.Services.GetRequiredService<IBusControl>().WaitForHealthStatus(BusHealthStatus.Healthy, TimeSpan.FromSeconds(30));
        return new SagaProcess(app);
    }

    /// <summary>Does something in a unit of work, for example looks at rows.</summary>
    public Task<T> In<T>(Func<IFailbackStore, Task<T>> work) => Units.RunAsync((store, _) => work(store), CancellationToken.None);

    /// <summary>Publishes a message under its own type.</summary>
    public Task TellAsync(object message) => Bus.Publish(message, message.GetType(), TestContext.Current.CancellationToken);

    public T Service<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    /// <summary>A part of the reconciler, for specs that let it look at a time of their own.</summary>
    public T Reconciled<T>()
        where T : IReconciled => app.Services.GetServices<IReconciled>().OfType<T>().Single();

    public async ValueTask DisposeAsync() => await app.EndAsync();
}

/// <summary>A worker that answers as a spec says, and remembers what it was told and what clients heard.</summary>
internal sealed class ObedientWorker
{
    private readonly Lock gate = new();
    private readonly List<object> heard = [];

    /// <summary>The answer to a restore; null is silence.</summary>
    public Func<RestoreRecorder, object?> Restores { get; set; } = Recording;

    /// <summary>Whether releases are answered.</summary>
    public bool Releases { get; set; } = true;

    /// <summary>Of which entries releases are answered.</summary>
    public Func<Guid, bool> ReleasesOf { get; set; } = _ => true;

    public IReadOnlyList<T> Heard<T>()
    {
        lock (gate)
            return [.. heard.OfType<T>()];
    }

    public static object Recording(RestoreRecorder x) =>
        new RecorderRecording
        {
            EntryId = x.EntryId,
            FailedRecorderId = x.Recorder.RecorderId,
            Attempt = x.Attempt,
            Settings = new DocumentReference { Digest = new string('a', 64), Length = 10 },
            RecordingSince = DateTimeOffset.UnixEpoch,
        };

    public static Func<RestoreRecorder, object?> NotRestored(FailbackReason reason) =>
        x => new RecorderNotRestored
        {
            EntryId = x.EntryId,
            FailedRecorderId = x.Recorder.RecorderId,
            Attempt = x.Attempt,
            Reason = reason,
        };

    private void Hear(object message)
    {
        lock (gate)
            heard.Add(message);
    }

    internal sealed class Consumer(ObedientWorker worker, PublishGate publishing)
        : IConsumer<RestoreRecorder>,
            IConsumer<ReleaseFailoverServer>,
            IConsumer<HoldPeriod>,
            IConsumer<ReleaseHold>,
            IConsumer<FailbackRejected>,
            IConsumer<FailbackStarted>,
            IConsumer<FailbackCompleted>,
            IConsumer<FailbackFailed>,
            IConsumer<SystemChanged>,
            IConsumer<ReadRecorderSettings>
    {
        public Task Consume(ConsumeContext<RestoreRecorder> context)
        {
            worker.Hear(context.Message);
            return worker.Restores(context.Message) is { } answer ? SayAsync(context, answer) : Task.CompletedTask;
        }

        public Task Consume(ConsumeContext<ReleaseFailoverServer> context)
        {
            var told = context.Message;
            worker.Hear(told);
            return worker.Releases && worker.ReleasesOf(told.EntryId)
                ? SayAsync(
                    context,
                    new FailoverServerReleased
                    {
                        EntryId = told.EntryId,
                        FailedRecorderId = told.FailedRecorderId,
                        Attempt = told.Attempt,
                        FailoverServerId = told.FailoverServer.RecorderId,
                        ReleasedAt = DateTimeOffset.UnixEpoch,
                    }
                )
                : Task.CompletedTask;
        }

        public Task Consume(ConsumeContext<HoldPeriod> context)
        {
            worker.Hear(context.Message);
            return SayAsync(context, new HoldChanged { HoldId = context.Message.HoldId, Held = true });
        }

        public Task Consume(ConsumeContext<ReleaseHold> context)
        {
            worker.Hear(context.Message);
            return SayAsync(context, new HoldChanged { HoldId = context.Message.HoldId, Held = false });
        }

        public Task Consume(ConsumeContext<FailbackRejected> context) => HearAsync(context.Message);

        public Task Consume(ConsumeContext<FailbackStarted> context) => HearAsync(context.Message);

        public Task Consume(ConsumeContext<FailbackCompleted> context) => HearAsync(context.Message);

        public Task Consume(ConsumeContext<FailbackFailed> context) => HearAsync(context.Message);

        public Task Consume(ConsumeContext<SystemChanged> context) => HearAsync(context.Message);

        public Task Consume(ConsumeContext<ReadRecorderSettings> context) => HearAsync(context.Message);

        private Task SayAsync(ConsumeContext context, object answer) =>
            publishing.PublishAsync(
                answer.GetType().FullName!,
                x => context.Publish(answer, answer.GetType(), x),
                context.CancellationToken
            );

        private Task HearAsync(object message)
        {
            worker.Hear(message);
            return Task.CompletedTask;
        }
    }
}
