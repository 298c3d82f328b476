using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Failback.Hosting;

/// <summary>Seen from outside: traces and metrics over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, metrics also at /metrics.</summary>
internal static class Telemetry
{
    public static void AddFailbackTelemetry(this IServiceCollection services, IConfiguration configuration, string name)
    {
        var export = !string.IsNullOrWhiteSpace(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        services
            .AddOpenTelemetry()
            .ConfigureResource(x => x.AddService(name, serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString(3)))
            .WithTracing(x =>
            {
                x.AddSource("MassTransit", "Failback.*", "Npgsql");
                x.AddHttpClientInstrumentation();
                x.AddAspNetCoreInstrumentation(y =>
                    y.Filter = context =>
                        !context.Request.Path.StartsWithSegments("/health") && !context.Request.Path.StartsWithSegments("/metrics")
                );
                if (export)
                    x.AddOtlpExporter();
            })
            .WithMetrics(x =>
            {
                x.AddMeter("MassTransit", "Failback.*", "Npgsql");
                x.AddRuntimeInstrumentation();
                x.AddPrometheusExporter();
                if (export)
                    x.AddOtlpExporter();
            });
    }
}
