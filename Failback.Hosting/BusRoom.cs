using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Failback.Hosting;

/// <summary>The road (DESIGN section 5): RabbitMQ when <c>ConnectionStrings:Bus</c> names one, else in memory, with the same endpoints.</summary>
public static class BusRoom
{
    /// <summary>Where a message goes that was handed out too often; a quorum queue of its own, read by people.</summary>
    public const string DeadLetters = "failback.dead";

    /// <summary>Plain JSON of controllers that are not .NET arrives here; the saga bounds and refuses it itself.</summary>
    public const string Admission = "failback.in";

    /// <summary>Where what was refused there lies, for people.</summary>
    public const string Refused = Admission + ".refused";

    /// <summary>Endpoints of a process's own, gone with it, have names that start so; they are no quorum queues.</summary>
    public const string TemporaryPrefix = "temporary-";

    /// <summary>A longer message is refused where it is sent and where it is received.</summary>
    public const long MaxMessageBytes = 64 << 10;

    /// <summary>Adds the bus with the consumers of the given rooms; called once a process.</summary>
    public static IServiceCollection AddFailbackBus(
        this IServiceCollection services,
        IConfiguration configuration,
        Action<IBusRegistrationConfigurator> rooms
    )
    {
        services.AddFailbackOptions<BusOptions, BusOptionsValidator>("Failback:Bus");
        services.AddConfigurationCheck(WrongConnectionStrings);
        services.AddSingleton<OwnQueues>();
        services.AddSingleton<PublishGate>();
        services.AddSingleton<RefusedPublishes>();
        services.AddPublishObserver(x => x.GetRequiredService<RefusedPublishes>());
        services.AddSendObserver(x => x.GetRequiredService<RefusedPublishes>());
        services.AddSingleton<IConfigureReceiveEndpoint, EndpointHabits>();
        if (BusAddress(configuration) is { } broker)
            services.AddBrokerChecks(broker);
        services.AddOptions<MassTransitHostOptions>().Configure<IOptions<BusOptions>>(StopInTime);
        services.Configure<HostOptions>(x => x.ShutdownTimeout = StopTime(configuration) + BusOptions.FlushTime);
        services.AddMassTransit(x =>
        {
            x.SetKebabCaseEndpointNameFormatter();
            rooms(x);
            if (BusAddress(configuration) is { } address)
                x.UsingRabbitMq((context, broker) => ConfigureRabbitMq(context, broker, address));
            else
                x.UsingInMemory((context, memory) => memory.ConfigureEndpoints(context));
        });
        if (BusAddress(configuration) is not null)
            services.AddEndpointRevival();
        return services;
    }

    /// <summary>The broker's address, with its credentials: never log it. Null when the bus is in memory.</summary>
    public static Uri? BusAddress(IConfiguration configuration) =>
        Uri.TryCreate(configuration.GetConnectionString("Bus"), UriKind.Absolute, out var address)
        && address is { Scheme: "amqp" or "amqps", Host.Length: > 0 }
            ? address
            : null;

    /// <summary>The queues that the rooms of a process consume, by name; makes its bus when it is not made yet, and starts nothing.</summary>
    public static IReadOnlyCollection<string> OwnQueuesOf(IServiceProvider services)
    {
        _ = services.GetRequiredService<IBusControl>();
        return services.GetRequiredService<OwnQueues>().Names;
    }

    /// <summary>A misspelt name would start an embedded process beside the real ones.</summary>
    private static IEnumerable<string> WrongConnectionStrings(IConfiguration configuration)
    {
        if (!string.IsNullOrWhiteSpace(configuration.GetConnectionString("Bus")) && BusAddress(configuration) is null)
            yield return "ConnectionStrings:Bus: must be an absolute amqp:// or amqps:// address";
        foreach (var name in configuration.GetSection("ConnectionStrings").GetChildren())
            if (!ConnectionStrings.Contains(name.Key, StringComparer.OrdinalIgnoreCase))
                yield return $"{name.Path}: unknown key; known here are {string.Join(", ", ConnectionStrings)}";
    }

    private static readonly string[] ConnectionStrings = ["Bus", "Database"];

    /// <summary>In memory there is no broker to ask.</summary>
    private static void AddBrokerChecks(this IServiceCollection services, Uri address)
    {
        services.AddSingleton(x => new BrokerLink(
            address,
            x.GetRequiredService<IOptions<BusOptions>>().Value.NodeList,
            $"{x.GetService<IHostEnvironment>()?.ApplicationName} readiness"
        ));
        services.AddHostedService(x => x.GetRequiredService<BrokerLink>());
        services.AddSingleton(x => new QueueLook(
            new BrokerLink(
                address,
                x.GetRequiredService<IOptions<BusOptions>>().Value.NodeList,
                $"{x.GetService<IHostEnvironment>()?.ApplicationName} queues"
            ),
            x.GetService<TimeProvider>() ?? TimeProvider.System
        ));
        services.AddSingleton<BrokerCheck>();
        services.AddHealthChecks().AddCheck<BrokerCheck>(ConsumersWatch.Broker).AddCheck<ConsumersCheck>(ConsumersWatch.Consumers);
        services.AddSingleton<BusStart>();
        services.AddBusObserver(x => x.GetRequiredService<BusStart>());
        services.AddSingleton<ConsumersWatch>();
        services.AddHostedService(x => x.GetRequiredService<ConsumersWatch>());
    }

    /// <summary>Added after the bus, so that it stops before it.</summary>
    private static void AddEndpointRevival(this IServiceCollection services)
    {
        services.AddSingleton<EndpointRevival>();
        services.AddReceiveEndpointObserver(x => x.GetRequiredService<EndpointRevival>());
        services.AddHostedService(x => x.GetRequiredService<EndpointRevival>());
    }

    /// <summary>Read without the options: they are needed before the check that names everything wrong can run.</summary>
    private static TimeSpan StopTime(IConfiguration configuration) =>
        TimeSpan.FromSeconds(
            int.TryParse(configuration["Failback:Bus:StopSeconds"], out var seconds) && seconds is >= 1 and <= BusOptions.MostStopSeconds
                ? seconds
                : new BusOptions().StopSeconds
        );

    private static void StopInTime(MassTransitHostOptions host, IOptions<BusOptions> bus)
    {
        // A process starts without its broker and is not ready until it is there.
        host.WaitUntilStarted = false;
        host.StopTimeout = TimeSpan.FromSeconds(bus.Value.StopSeconds);
        host.ConsumerStopTimeout = TimeSpan.FromSeconds(bus.Value.StopSeconds);
    }

    private static void ConfigureRabbitMq(IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator broker, Uri address)
    {
        var options = context.GetRequiredService<IOptions<BusOptions>>().Value;
        broker.Host(
            address,
            host =>
            {
                host.Heartbeat(TimeSpan.FromSeconds(options.HeartbeatSeconds));
                if (options.NodeList is not { Length: > 0 } nodes)
                    return;
                host.UseCluster(cluster => Array.ForEach(nodes, cluster.Node));
                var refused = context.GetRequiredService<RefusedPublishes>();
                host.OnRefreshConnectionFactory = _ => refused.SettleAsync();
            }
        );
        // MassTransit copies a queue's arguments to its _error and _skipped queues; there nothing may expire or be limited.
        broker.SendTopology.ConfigureErrorSettings = QueueArguments.Unlimited;
        broker.SendTopology.ConfigureDeadLetterSettings = QueueArguments.Unlimited;
        broker.ConfigureEndpoints(context);
    }
}
