using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Failback.Hosting;

/// <summary>
/// A check that answers within 5 s, whatever it looks at does. One that hangs longer is waited for again by the next look, so that
/// probes never pile up behind a broker or database that stands still.
/// </summary>
internal sealed class BoundedCheck(IHealthCheck check, BoundedCheck.Look look, TimeProvider time) : IHealthCheck
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>When the check itself is asked to end, so that it can say what it waited for.</summary>
    public static readonly TimeSpan AskedToEnd = TimeSpan.FromSeconds(4);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (look.InHand is not { IsCompleted: false })
            // Not in the caller's thread: SQLite waits for its lock without giving the thread back.
            look.InHand = Task.Run(() => WithinAsync(context), CancellationToken.None);
        try
        {
            return await look.InHand.WaitAsync(Limit, time, cancellationToken);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"no answer within {Limit.TotalSeconds:0} s");
        }
    }

    private async Task<HealthCheckResult> WithinAsync(HealthCheckContext context)
    {
        using var limit = new CancellationTokenSource(AskedToEnd, time);
        return await check.CheckHealthAsync(context, limit.Token);
    }

    /// <summary>What outlives one look; one for each registered check.</summary>
    public sealed class Look
    {
        public Task<HealthCheckResult>? InHand { get; set; }
    }
}
