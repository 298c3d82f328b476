using System.Collections.Concurrent;
using System.Text.Json;
using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using MassTransit;
using MassTransit.Saga;
using MassTransit.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Failback.Tests;

/// <summary>Material copy on an in-memory bus, with rows in memory and a scripted worker; time moves only when a spec says so.</summary>
public abstract class CopySpec : IAsyncLifetime
{
    internal const string Recorder = "rec-1";
    internal const string FailoverServer = "fo-1";
    internal static readonly DateTime Start = new(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly string[] Operator = ["operator"];
    private ServiceProvider _services = null!;

    internal CopyMemory Memory { get; private set; } = null!;
    internal ScriptedWorker Worker { get; } = new();
    internal FakeTimeProvider Time { get; } = new(new DateTimeOffset(Start.AddDays(1)));

    /// <summary>Specs count slices of exact periods; what clocks may differ has one of its own.</summary>
    private protected static KeyValuePair<string, string?> NoSlack => new("Failback:Copy:ClockSlackSeconds", "0");

    private protected virtual IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>();
    private ITestHarness Harness => _services.GetTestHarness();

    public async ValueTask InitializeAsync()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([.. Settings, NoSlack]).Build();
        _services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton(Time)
            .AddSingleton<CopyMemory>()
            .AddSingleton<IDocuments>(x => x.GetRequiredService<CopyMemory>())
            .AddSingleton<IRights, CopyRights>()
            .AddSingleton<IFailbackUnits, CopyUnits>()
            .AddScoped<IFailbackStore, CopyStore>()
            .AddSingleton(Worker)
            .AddMaterialCopy(configuration)
            .AddMassTransitTestHarness(
                TextWriter.Null,
                x =>
                {
                    x.AddMaterialCopy((context, endpoint) => endpoint.UseInMemoryOutbox(context)).InMemoryRepository();
                    x.AddConsumer<ScriptedWorkerConsumer>();
                }
            )
            .BuildServiceProvider(true);
        Memory = _services.GetRequiredService<CopyMemory>();
        Worker.Documents = Memory;
        Known(Recorder);
        Known(FailoverServer);
        await Harness.Start();
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    internal void Known(string id, string address = "http://127.0.0.1:1", long version = 1, RecorderRole role = RecorderRole.Recorder) =>
        Memory.Put(
            new Recorder
            {
                RecorderId = id,
                Name = id,
                Address = address,
                AddressVersion = version,
                Role = role,
            }
        );

    /// <summary>An entry whose failback succeeded: three hours stood in by the failover server, held there.</summary>
    internal FailoverLogEntry FailedBack(
        string recorder = Recorder,
        string server = FailoverServer,
        double hour = 0,
        Guid? inheritedBy = null
    )
    {
        var entry = new FailoverLogEntry
        {
            EntryId = Guid.NewGuid(),
            FailedRecorderId = recorder,
            FailoverServerId = server,
            FailoverStartedAt = Start.AddHours(hour),
            Failover = FailoverStatus.Succeeded,
            Failback = FailbackStatus.Succeeded,
            FailbackEndedAt = Start.AddHours(hour + 3),
            Hold = HoldStatus.Held,
            InheritedBy = inheritedBy,
        };
        Memory.Put(entry);
        return entry;
    }

    internal Task Publish(object message) => Harness.Bus.Publish(message, message.GetType());

    internal Task StartAsync(FailoverLogEntry entry, params string[] roles) =>
        Publish(
            new StartDataCopy
            {
                RequestId = Guid.NewGuid(),
                EntryId = entry.EntryId,
                RequestedBy = "pat",
                Roles = roles.Length == 0 ? Operator : roles,
            }
        );

    internal Task PauseAsync(Guid copy, params string[] roles) =>
        Publish(
            new PauseMaterialCopy
            {
                RequestId = Guid.NewGuid(),
                MaterialCopyId = copy,
                RequestedBy = "pat",
                Roles = Or(roles),
            }
        );

    internal Task ResumeAsync(Guid copy, params string[] roles) =>
        Publish(
            new ResumeMaterialCopy
            {
                RequestId = Guid.NewGuid(),
                MaterialCopyId = copy,
                RequestedBy = "pat",
                Roles = Or(roles),
            }
        );

    internal Task CancelAsync(Guid copy, params string[] roles) =>
        Publish(
            new CancelMaterialCopy
            {
                RequestId = Guid.NewGuid(),
                MaterialCopyId = copy,
                RequestedBy = "pat",
                Roles = Or(roles),
            }
        );

    internal static Guid IdOf(FailoverLogEntry entry) => DerivedId.OfMaterialCopy(entry.EntryId);

    internal MaterialCopyState? Copy(FailoverLogEntry entry) => Memory.Copies.FirstOrDefault(x => x.CorrelationId == IdOf(entry));

    /// <summary>Waits until the copy is in that state.</summary>
    internal async Task<MaterialCopyState> ReachesAsync(FailoverLogEntry entry, string state) =>
        (await Eventually.Get($"the copy is {state}", () => Copy(entry), x => x?.CurrentState == state))!;

    /// <summary>Time passes, and what is due by then is published, as the outbox would.</summary>
    internal async Task ElapseAsync(TimeSpan time)
    {
        Time.Advance(time);
        foreach (var due in Memory.TakeDue())
            await Harness.Bus.Publish(due.Message, due.Message.GetType(), x => x.MessageId = due.MessageId);
    }

    /// <summary>The reconciler comes by.</summary>
    internal async Task ReconcileAsync(bool starting = false)
    {
        var store = new CopyStore(Memory, Harness.Bus);
        var part = _services.GetServices<IReconciled>().OfType<CopyReconciliation>().Single();
        await store.ApplyAsync(await part.DueAsync(store, Time.GetUtcNow().ToRow(), starting, default), default);
    }

    /// <summary>Everything of a kind that the deciders published, in order.</summary>
    internal IReadOnlyList<T> Said<T>() => [.. Memory.Applied.OfType<Publish>().Select(x => x.Message).OfType<T>()];

    internal Task<T> SaysAsync<T>(Func<T, bool>? such = null)
        where T : class =>
        Eventually.Get($"{typeof(T).Name} is said", () => Said<T>().FirstOrDefault(such ?? (_ => true))!, x => x is not null);

    private static string[] Or(string[] roles) => roles.Length == 0 ? Operator : roles;
}
