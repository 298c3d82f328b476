using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Failback.Recorders;

/// <summary>How a recorder is served.</summary>
public sealed record RecorderServerOptions
{
    /// <summary>Loopback port; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The recorder's secret, which every caller but of the identity must present; null serves everybody on loopback.</summary>
    public string? Secret { get; init; }
    public ILoggerFactory? Logging { get; init; }

    /// <summary>Faults to play, for tests and rehearsals.</summary>
    public FaultScript? Faults { get; init; }

    /// <summary>Never the secret.</summary>
    public override string ToString() => $"port {Port}";
}

/// <summary>Serves one reference recorder over HTTP on loopback: docs/recorder-api.yaml describes it.</summary>
public sealed class RecorderServer : IAsyncDisposable
{
    private const int BufferBytes = 1 << 20;
    private readonly WebApplication app;

    private RecorderServer(WebApplication app)
    {
        this.app = app;
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        Address = new Uri(addresses.Addresses.First());
    }

    /// <summary>What to open the recorder with.</summary>
    public Uri Address { get; }

    /// <summary>Methods and patterns that are served, for the document that describes them.</summary>
    internal IReadOnlyList<string> Routes =>
        [
            .. app
                .Services.GetRequiredService<EndpointDataSource>()
                .Endpoints.OfType<RouteEndpoint>()
                .Select(x => $"{x.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0]} {x.RoutePattern.RawText}"),
        ];

    public static async Task<RecorderServer> StartAsync(
        ReferenceRecorder recorder,
        RecorderServerOptions? options = null,
        CancellationToken token = default
    )
    {
        options ??= new RecorderServerOptions();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(x => Configure(x, options.Port));
        builder.WebHost.UseSockets(x => x.WaitForDataBeforeAllocatingBuffer = false);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, BlockPoolFactory>();
        if (options.Logging is not null)
            builder.Services.AddSingleton(options.Logging);
        var app = builder.Build();
        var guard = new RequestGuard(recorder, options, app.Services.GetRequiredService<ILogger<RecorderServer>>());
        app.UseRouting();
        app.Use(guard.RunAsync);
        new ControlEndpoints(recorder, options).Map(app);
        new MaterialEndpoints(recorder).Map(app);
        new BrowseEndpoints(recorder).Map(app);
        await app.StartAsync(token);
        return new RecorderServer(app);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static void Configure(KestrelServerOptions kestrel, int port)
    {
        kestrel.Listen(IPAddress.Loopback, port, x => x.Protocols = HttpProtocols.Http1);
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = Wire.JsonBytes;
        kestrel.Limits.MaxRequestBufferSize = BufferBytes;
        kestrel.Limits.MaxResponseBufferSize = BufferBytes;
        // Longer than a caller's stall time, so that a source that hangs is not blamed on this side.
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(30));
    }
}

/// <summary>What a route is: which operation, and how long a body it takes.</summary>
internal sealed record Served(RecorderOperation Operation, long BodyBytes = Wire.JsonBytes);
