using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Failback.Web;

/// <summary>What broke on a page is made anew after a moment, but not without end: three times a minute; then a person has to load it.</summary>
public sealed class MendingBoundary : ErrorBoundary, IDisposable
{
    private const int Tries = 3;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);
    private readonly Queue<DateTimeOffset> _tries = new();
    private ITimer? _soon;

    [Inject]
    internal Viewer Viewer { get; set; } = null!;

    /// <summary>It broke too often: it is not made anew by itself any more.</summary>
    public bool GaveUp { get; private set; }

    protected override Task OnErrorAsync(Exception exception)
    {
        while (_tries.TryPeek(out var first) && Viewer.Now - first > Window)
            _tries.Dequeue();
        GaveUp = _tries.Count >= Tries;
        _soon?.Dispose();
        if (!GaveUp)
        {
            _tries.Enqueue(Viewer.Now);
            _soon = Viewer.Time.CreateTimer(_ => _ = InvokeAsync(Recover), null, Pause, Timeout.InfiniteTimeSpan);
        }
        return base.OnErrorAsync(exception);
    }

    public void Dispose() => _soon?.Dispose();
}
