using System.Threading.Channels;
using Failback.Messages;

namespace Failback.Web;

/// <summary>What one listener has not taken yet: bounded, however slow it is. Of a copy the newest numbers stay; changes it reads itself.</summary>
internal sealed class Listener
{
    public const int MostChanges = 1_000;
    private readonly Lock _gate = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private readonly List<SystemChanged> _changes = [];
    private readonly Dictionary<Guid, CopyNews> _copies = [];
    private TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _sequence;

    /// <summary>Ends when it is woken, until that is heeded.</summary>
    public Task Woken
    {
        get
        {
            lock (_gate)
                return _woken.Task;
        }
    }

    /// <summary>Something changed that is no news.</summary>
    public void Wake()
    {
        lock (_gate)
            _woken.TrySetResult();
        _wake.Writer.TryWrite(true);
    }

    /// <summary>Whether it was woken since this was asked last.</summary>
    public bool Heed()
    {
        lock (_gate)
        {
            if (!_woken.Task.IsCompleted)
                return false;
            _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return true;
        }
    }

    public void Tell(LiveNews news)
    {
        lock (_gate)
        {
            if (news.Sequence <= _sequence && news.Copies.Count == 0)
                return;
            _sequence = Math.Max(_sequence, news.Sequence);
            _changes.AddRange(news.Changes);
            // The number says that there were some: they are read again when it comes to them.
            if (_changes.Count > MostChanges)
                _changes.Clear();
            foreach (var copy in news.Copies)
                _copies[copy.Copy.MaterialCopyId] = copy;
        }
        _wake.Writer.TryWrite(true);
    }

    /// <summary>Waits until there is something, or it is woken.</summary>
    public async Task<LiveNews> TakeAsync(CancellationToken token)
    {
        await _wake.Reader.ReadAsync(token);
        lock (_gate)
        {
            var news = new LiveNews(_sequence, [.. _changes], [.. _copies.Values]);
            _changes.Clear();
            _copies.Clear();
            return news;
        }
    }
}
