using Failback.Recorders;

namespace Failback.Host;

/// <summary>
/// The demo's recorders: failing ones, a healthy one, and one failover server for each failing one. Each is a reference recorder
/// with its own folder and HTTP server on loopback. Whoever records, records on: new items appear as time passes.
/// </summary>
internal sealed class Site : IAsyncDisposable
{
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private readonly CancellationTokenSource closing = new();
    private readonly TimeProvider time;
    private readonly Task recording;

    private Site(IReadOnlyList<SiteRecorder> recorders, DateTimeOffset outageStart, int minutes, TimeProvider time)
    {
        Recorders = recorders;
        OutageStart = outageStart;
        Minutes = minutes;
        this.time = time;
        recording = RecordOnAsync();
    }

    public IReadOnlyList<SiteRecorder> Recorders { get; }
    public IReadOnlyList<SiteRecorder> FailoverServers => [.. Recorders.Where(x => x.IsFailoverServer)];
    public IReadOnlyList<SiteRecorder> Healthy => [.. Recorders.Where(x => !x.IsFailoverServer && !x.Failing)];
    public IReadOnlyList<SiteRecorder> Failing => [.. Recorders.Where(x => x.Failing)];

    /// <summary>UTC: the recorders died then. In the past, so that there is something to bring home without waiting for it.</summary>
    public DateTimeOffset OutageStart { get; }
    public int Minutes { get; }

    public static async Task<Site> OpenAsync(DemoOptions options, string folder, TimeProvider time)
    {
        var minutes = 3 * options.Scale;
        var now = time.GetUtcNow();
        var outageStart = new DateTimeOffset(now.Ticks - now.Ticks % TimeSpan.TicksPerSecond, TimeSpan.Zero).AddMinutes(-minutes);
        var recorders = new List<SiteRecorder>();
        for (var i = 1; i <= options.Failing + 1; i++)
            recorders.Add(
                Recorder(
                    $"recorder-{i}",
                    i == 1 ? "Lobby"
                        : i == 2 ? "Garage"
                        : $"Floor {i}",
                    failing: i <= options.Failing
                )
            );
        for (var i = 1; i <= options.Failing; i++)
            recorders.Add(Recorder($"failover-{i}", $"Failover server {i}", failing: false));
        foreach (var recorder in recorders)
            await recorder.StartAsync(recorder.IsFailoverServer ? LiveRole.FailoverServer : LiveRole.Recorder);
        foreach (var recorder in recorders.Where(x => !x.IsFailoverServer))
            await recorder.RecordAsync(recorder.Id, outageStart - Before, outageStart, CancellationToken.None);
        return new Site(recorders, outageStart, minutes, time);

        SiteRecorder Recorder(string id, string name, bool failing) =>
            new(
                id,
                name,
                failing,
                Path.Combine(folder, (recorders.Count + 1).ToString()),
                options.Scale,
                phase: recorders.Count * 137,
                time
            );
    }

    /// <summary>The failover server records the outage until now; afterwards it goes on live.</summary>
    /// <returns>Items that it holds.</returns>
    public async Task<int> RecordOutageAsync(Outage outage, CancellationToken token) =>
        await outage.StandIn.RecordAsync(outage.Failed.Id, outage.Start, time.GetUtcNow(), token);

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await recording;
        foreach (var recorder in Recorders)
            await recorder.DisposeAsync();
        closing.Dispose();
    }

    private async Task RecordOnAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(Look, time, closing.Token);
                foreach (var recorder in Recorders)
                    await recorder.RecordOnAsync(closing.Token);
            }
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested) { }
    }
}
