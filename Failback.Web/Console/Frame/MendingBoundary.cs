using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Logging;

namespace Failback.Web;

/// <summary>What broke on a page is made anew after a moment, but not without end: three times a minute; then a person has to load it.</summary>
public sealed partial class MendingBoundary : ErrorBoundary, IDisposable
{
    private const int Tries = 3;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);
    private readonly Queue<DateTimeOffset> _tries = new();
    private ITimer? _soon;

    [Inject]
    internal Viewer Viewer { get; set; } = null!;

    [Inject]
    internal ILogger<MendingBoundary> Logger { get; set; } = null!;

    /// <summary>Of what broke last: the log has it.</summary>
    public string? TraceId { get; private set; }

    /// <summary>It broke too often: it is not made anew by itself any more.</summary>
    public bool GaveUp { get; private set; }

    protected override async Task OnErrorAsync(Exception exception)
    {
        using var trace = WebTrace.Begin("broken");
        TraceId = WebTrace.Of(trace);
        LogBroken(Logger, TraceId, exception.GetType().Name);
        while (_tries.TryPeek(out var first) && Viewer.Now - first > Window)
            _tries.Dequeue();
        GaveUp = _tries.Count >= Tries;
        _soon?.Dispose();
        if (!GaveUp)
        {
            _tries.Enqueue(Viewer.Now);
            _soon = Viewer.Time.CreateTimer(_ => _ = InvokeAsync(Recover), null, Pause, Timeout.InfiniteTimeSpan);
        }
        // It writes the whole fault.
        await base.OnErrorAsync(exception);
    }

    public void Dispose() => _soon?.Dispose();

    [LoggerMessage(6403, LogLevel.Warning, "Something broke on a page of the console (trace {TraceId}): {Fault}")]
    private static partial void LogBroken(ILogger logger, string traceId, string fault);
}
