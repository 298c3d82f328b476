using Failback.Hosting;
using Failback.Recorders;
using Failback.Saga;
using Failback.Web;
using Failback.Worker;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Host;

/// <summary>All rooms in one process: embedded without configuration, distributed with two connection strings (DESIGN section 7).</summary>
internal static class Service
{
    private const string Usage = """
        failback                      all rooms in one process; embedded (bus in memory, SQLite file) unless configured
        failback demo [--help]        a recorder dies, comes back, and its footage comes home
        failback queues [--help]      messages that nobody could handle: list, show, replay, discard
        failback log [--help]         and recorders, plan, start-failback, start-copy, pause, resume, cancel: what the console can do
        failback verify [--help]      reads both recorders of a failback and proves what is home
        failback check [--help]       holds a recorder against a report of before

          --ConnectionStrings:Bus=amqp://USER:PASSWORD@HOST/VHOST
          --ConnectionStrings:Database="Host=...;Database=...;Username=..."
          --urls=http://127.0.0.1:5080
        """;

    public static int Help()
    {
        Console.WriteLine(Usage);
        return 0;
    }

    public static Task<int> RunAsync(string[] args) =>
        FailbackHost.RunAsync(
            args,
            "failback",
            "http://127.0.0.1:5080",
            (services, configuration) =>
            {
                AddRooms(services, configuration);
                services.AddFailbackWeb(configuration, hostsBus: true);
            },
            app =>
            {
                app.MapFailbackSaga();
                app.MapFailbackWeb();
            }
        );

    /// <param name="others">Consumers beside those of the rooms.</param>
    public static void AddRooms(
        IServiceCollection services,
        IConfiguration configuration,
        Action<IBusRegistrationConfigurator>? others = null
    )
    {
        services.AddFailbackRecorders(configuration);
        services.AddFailbackSaga(configuration);
        services.AddFailbackWorker(configuration);
        services.AddFailbackBus(
            configuration,
            bus =>
            {
                bus.AddSagaRoom();
                bus.AddWorkerConsumers();
                others?.Invoke(bus);
            }
        );
    }
}
