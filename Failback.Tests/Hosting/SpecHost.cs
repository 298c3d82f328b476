using Failback.Hosting;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Failback.Tests;

/// <summary>A host as our processes are, with the consumers of one spec, in this process.</summary>
internal sealed class SpecHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SpecHost(WebApplication app) => _app = app;

    public IServiceProvider Services => _app.Services;

    public HttpClient Http => new() { BaseAddress = new Uri(_app.Urls.First()) };

    /// <param name="bus">The broker's address; null for the bus in memory.</param>
    /// <param name="rooms">Consumers.</param>
    /// <param name="settings">Further keys, as <c>Failback:Bus:DeliveryLimit=2</c>.</param>
    public static async Task<SpecHost> StartAsync(Uri? bus, Action<IBusRegistrationConfigurator> rooms, params string[] settings)
    {
        return await StartAsync(Build(bus, rooms, (_, _) => { }, settings));
    }

    /// <summary>Starts a host of <see cref="Build"/>.</summary>
    public static async Task<SpecHost> StartAsync(WebApplication app)
    {
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new SpecHost(app);
    }

    /// <summary>What SIGTERM does first.</summary>
    public void BeginToStop() => _app.Lifetime.StopApplication();

    public static WebApplication Build(
        Uri? bus,
        Action<IBusRegistrationConfigurator> rooms,
        Action<IServiceCollection, Microsoft.Extensions.Configuration.IConfiguration> more,
        params string[] settings
    )
    {
        string[] args = [.. settings.Select(x => "--" + x), .. bus is null ? [] : new[] { $"--ConnectionStrings:Bus={bus}" }];
        return FailbackHost.Build(
            args,
            "spec",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddLogging(x => x.ClearProviders());
                services.AddFailbackBus(configuration, rooms);
                more(services, configuration);
            }
        );
    }

    public Task PublishAsync<T>(T message)
        where T : class => Services.GetRequiredService<IBus>().Publish(message, TestContext.Current.CancellationToken);

    /// <summary>Waits until the bus says that it is connected: its queues are declared then.</summary>
    public Task ReadyAsync() =>
        Eventually.True("ready", async () => (await Http.GetAsync(new Uri("health/ready", UriKind.Relative))).IsSuccessStatusCode);

    public async ValueTask DisposeAsync() => await _app.EndAsync();
}
