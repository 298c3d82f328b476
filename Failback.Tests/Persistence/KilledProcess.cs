using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using Failback.Tests;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

/// <summary>
/// Makes this program a process to be killed when its first argument says so: the runtime calls it before Main when
/// <c>DOTNET_STARTUP_HOOKS</c> names this assembly. Its name and its missing namespace are the runtime's.
/// </summary>
internal static class StartupHook
{
    public static void Initialize()
    {
        var arguments = Environment.GetCommandLineArgs()[1..];
        if (arguments is [KilledProcess.Argument, var database, var bus])
            Environment.Exit(KilledProcess.RunAsync(database, bus).GetAwaiter().GetResult());
    }
}

namespace Failback.Tests
{
    /// <summary>A saga, a worker and the loops, as one process of ours.</summary>
    internal static class KilledProcess
    {
        public const string Argument = "killed-process";

        public static ChildProcess Start(string database, Uri bus)
        {
            var program = Path.Combine(AppContext.BaseDirectory, "Failback.Tests.dll");
            var environment = new Dictionary<string, string> { ["DOTNET_STARTUP_HOOKS"] = program };
            return ChildProcess.Start("dotnet", [program, Argument, database, bus.ToString()], environment);
        }

        public static Task<int> RunAsync(string database, string bus) =>
            FailbackHost.RunAsync(
                [$"--ConnectionStrings:Database={database}", $"--ConnectionStrings:Bus={bus}", "--Failback:Reconciler:EverySeconds=2"],
                "spec",
                "http://127.0.0.1:0",
                (services, configuration) =>
                {
                    services.AddLogging(x => x.SetMinimumLevel(LogLevel.Warning));
                    services.AddFailbackPersistence(configuration).AddFailbackPersistenceLoops(embedded: false);
                    services.AddSingleton<IReconciled, UnansweredAgain>();
                    services.AddFailbackBus(configuration, Rooms);
                }
            );

        private static void Rooms(IBusRegistrationConfigurator bus)
        {
            bus.AddSagaStateMachine<TallyMachine, MaterialCopyState>(typeof(SagaInUnit<MaterialCopyState>)).EntityFrameworkRepository();
            bus.AddConsumer<TallyWorker>();
        }
    }

    /// <summary>Asks for ten pieces of work, counts the answers without any care, and succeeds with the tenth.</summary>
    internal sealed class TallyMachine : MassTransitStateMachine<MaterialCopyState>
    {
        public const int Pieces = 10;
        public static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

        public TallyMachine(TimeProvider time)
        {
            InstanceState(x => x.CurrentState);
            Event(() => Asked, x => x.CorrelateById(y => y.Message.MaterialCopyId));
            Event(() => Answered, x => x.CorrelateById(y => y.Message.MaterialCopyId).OnMissingInstance(y => y.Fault()));
            Initially(
                When(Asked)
                    .Then(x => x.Saga.AnswerDueAt = (time.GetUtcNow() + AnswerWithin).ToRow())
                    .ThenAsync(x => Store(x).ApplyAsync(Commands(x.Saga.CorrelationId, "first"), x.CancellationToken))
                    .TransitionTo(Copying)
            );
            During(
                Copying,
                When(Answered)
                    .Then(x => x.Saga.Tries++)
                    .ThenAsync(x =>
                        Store(x)
                            .ApplyAsync([new Note("saga", "answered", x.Saga.CorrelationId.ToString(), "Accepted")], x.CancellationToken)
                    )
                    .If(
                        x => x.Saga.Tries == Pieces,
                        x =>
                            x.ThenAsync(y =>
                                    Store(y)
                                        .ApplyAsync(
                                            [new Tell(SystemChangeKind.MaterialCopyChanged, null, y.Saga.CorrelationId)],
                                            y.CancellationToken
                                        )
                                )
                                .TransitionTo(Succeeded)
                    )
            );
            During(Copying, Ignore(Asked));
            During(Succeeded, Ignore(Asked), When(Answered).Then(x => x.Saga.Tries++));
        }

        public State Copying { get; private set; } = null!;
        public State Succeeded { get; private set; } = null!;
        public Event<TurnCame> Asked { get; private set; } = null!;
        public Event<ChannelCopiesSettled> Answered { get; private set; } = null!;

        public static IReadOnlyList<Effect> Commands(Guid copy, string time) =>
            [
                .. Enumerable
                    .Range(1, Pieces)
                    .Select(x => new Publish(PersistenceSpec.Message(x, copy), DerivedId.Of("command", copy, x, time))),
            ];

        private static IFailbackStore Store(PipeContext context) =>
            context.GetPayload<IServiceProvider>().GetRequiredService<IFailbackStore>();
    }

    /// <summary>Has no database; answers each piece under an id that is the same however often it is asked.</summary>
    internal sealed class TallyWorker : IConsumer<SliceOverdue>
    {
        public Task Consume(ConsumeContext<SliceOverdue> context) =>
            context.Publish(
                new ChannelCopiesSettled { MaterialCopyId = context.Message.MaterialCopyId },
                x => x.MessageId = DerivedId.Of("answer", context.Message.MaterialCopyId, context.Message.Epoch)
            );
    }

    /// <summary>Asks again for everything of a copy whose answers do not come: its queue may be gone.</summary>
    internal sealed class UnansweredAgain : IReconciled
    {
        public async Task<IReadOnlyList<Effect>> DueAsync(IFailbackStore store, DateTime now, bool starting, CancellationToken token) =>
            [
                .. (await store.UnansweredCopiesAsync(now, 500, token))
                    .Where(x => x.AnswerDueAt <= now)
                    .SelectMany(x =>
                        TallyMachine
                            .Commands(x.CorrelationId, now.ToString("O"))
                            .Prepend(new Save(x with { AnswerDueAt = now + TallyMachine.AnswerWithin }))
                    ),
            ];
    }
}
