using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Failback.Hosting;

/// <summary>The road (DESIGN section 5): RabbitMQ when <c>ConnectionStrings:Bus</c> names one, else in memory, with the same endpoints.</summary>
public static class BusRoom
{
    /// <summary>Where a message goes that was handed out too often; a quorum queue of its own, read by people.</summary>
    public const string DeadLetters = "failback.dead";

    /// <summary>Endpoints of a process's own, gone with it, have names that start so; they are no quorum queues.</summary>
    public const string TemporaryPrefix = "temporary-";

    /// <summary>Adds the bus with the consumers of the given rooms; called once a process.</summary>
    public static IServiceCollection AddFailbackBus(
        this IServiceCollection services,
        IConfiguration configuration,
        Action<IBusRegistrationConfigurator> rooms
    )
    {
        services.AddFailbackOptions<BusOptions, BusOptionsValidator>("Failback:Bus");
        services.AddSingleton<IConfigureReceiveEndpoint, EndpointHabits>();
        services
            .AddOptions<MassTransitHostOptions>()
            .Configure<IOptions<BusOptions>>(
                (host, bus) =>
                {
                    host.WaitUntilStarted = false;
                    host.StopTimeout = TimeSpan.FromSeconds(bus.Value.StopSeconds);
                    host.ConsumerStopTimeout = TimeSpan.FromSeconds(bus.Value.StopSeconds);
                }
            );
        services.AddMassTransit(x =>
        {
            x.SetKebabCaseEndpointNameFormatter();
            rooms(x);
            if (BusAddress(configuration) is { } address)
                x.UsingRabbitMq((context, broker) => ConfigureRabbitMq(context, broker, address));
            else
                x.UsingInMemory((context, memory) => memory.ConfigureEndpoints(context));
        });
        return services;
    }

    /// <summary>The broker's address without its credentials, for logs; null when the bus is in memory.</summary>
    public static Uri? BusAddress(IConfiguration configuration)
    {
        var text = configuration.GetConnectionString("Bus");
        if (string.IsNullOrWhiteSpace(text))
            return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("amqp" or "amqps"))
            throw new WrongConfigurationException(["ConnectionStrings:Bus: must be an absolute amqp:// or amqps:// address"]);
        return address;
    }

    private static void ConfigureRabbitMq(IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator broker, Uri address)
    {
        broker.Host(address);
        // MassTransit copies a queue's arguments to its _error and _skipped queues; there nothing may expire or be limited.
        broker.SendTopology.ConfigureErrorSettings = Unlimited;
        broker.SendTopology.ConfigureDeadLetterSettings = Unlimited;
        broker.ConfigureEndpoints(context);
    }

    private static void Unlimited(IRabbitMqQueueConfigurator queue)
    {
        foreach (var argument in LimitingArguments)
            queue.SetQueueArgument(argument, null);
    }

    private static readonly string[] LimitingArguments =
    [
        "x-delivery-limit",
        "x-dead-letter-exchange",
        "x-dead-letter-strategy",
        "x-dead-letter-routing-key",
        "x-overflow",
    ];
}
