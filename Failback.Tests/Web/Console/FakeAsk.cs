using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Failback.Messages;
using Failback.Saga;
using Failback.Web;

namespace Failback.Tests;

/// <summary>The door for wanting something, over a fake site: a request is decided by the second look at it.</summary>
internal sealed class FakeAsk(FakeSite site) : IAsk, ILiveFeed
{
    private readonly ConcurrentDictionary<Guid, (RequestView View, int Looks, Action? Then)> _asked = new();
    private readonly ConcurrentDictionary<Guid, (Guid EntryId, int Looks)> _inspections = new();

    public bool NoLicence { get; set; }
    public bool Maintenance { get; set; }

    /// <summary>What the next requests are answered with; null accepts them.</summary>
    public FailbackReason? Refuse { get; set; }
    public ConcurrentQueue<object> Requests { get; } = new();

    /// <summary>Listeners of the live feed now.</summary>
    public int Listeners => _listeners;

    private int _listeners;

    public DateTimeOffset? AwaySince { get; set; }

    public bool Allows(Asker asker, string right) => asker.Roles.Contains("all") || asker.Roles.Contains(right);

    public Task<Asked> AskAsync(object request, Guid key, Asker asker, CancellationToken token)
    {
        if (site.Away)
            throw new TimeoutException("the database is away");
        Requests.Enqueue(request);
        site.Note(asker.Name, request.GetType().Name, Subject(request), Refuse?.ToString() ?? "Accepted");
        var outcome = Refuse?.ToString() ?? "Accepted";
        _asked[key] = (
            new(key, request.GetType().Name, asker.Name, site.Time.GetUtcNow(), outcome, null),
            0,
            Refuse is null ? () => Serve(request) : null
        );
        return Task.FromResult(new Asked(AskOutcome.Accepted, key));
    }

    public Task<RequestView?> RequestAsync(Guid key, CancellationToken token)
    {
        if (!_asked.TryGetValue(key, out var asked))
            return Task.FromResult<RequestView?>(null);
        _asked[key] = asked with { Looks = asked.Looks + 1, Then = asked.Looks == 1 ? null : asked.Then };
        if (asked.Looks == 1)
            asked.Then?.Invoke();
        return Task.FromResult<RequestView?>(asked.Looks < 1 ? asked.View with { Outcome = "Pending" } : asked.View);
    }

    public Task<Asked> InspectAsync(Guid entryId, Guid key, Asker asker, CancellationToken token)
    {
        _inspections[key] = (entryId, 0);
        return Task.FromResult(new Asked(AskOutcome.Accepted, key));
    }

    /// <summary>Both recorders answer at the second look.</summary>
    public Guid? Inspected(Guid key)
    {
        if (!_inspections.TryGetValue(key, out var asked))
            return null;
        _inspections[key] = asked with { Looks = asked.Looks + 1 };
        return asked.Looks > 0 ? asked.EntryId : null;
    }

    public Task<Asked> AskJsonAsync(string message, ReadOnlyMemory<byte> json, Guid key, Asker asker, CancellationToken token) =>
        throw new NotSupportedException();

    public Task<Asked> PostAsync(string message, ReadOnlyMemory<byte> json, Guid key, Asker asker, CancellationToken token) =>
        throw new NotSupportedException();

    public async IAsyncEnumerable<LiveNews> ListenAsync(long? after, [EnumeratorCancellation] CancellationToken token)
    {
        Interlocked.Increment(ref _listeners);
        try
        {
            var known = after ?? site.Sequence;
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.5), site.Time);
            while (await timer.WaitForNextTickAsync(token))
            {
                if (site.Away)
                    continue;
                var sequence = site.Sequence;
                var changes = Enumerable
                    .Range(1, (int)(sequence - known))
                    .Select(x => new SystemChanged
                    {
                        Number = known + x,
                        Kind = SystemChangeKind.MaterialCopyChanged,
                        At = site.Time.GetUtcNow(),
                    })
                    .ToList();
                known = sequence;
                yield return new(sequence, changes, [.. site.Advance().Select(x => new CopyNews(x, PaceOf(x.MaterialCopyId)))]);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _listeners);
        }
    }

    public CopyPace? PaceOf(Guid materialCopyId) => new(182_400_000, TimeSpan.FromMinutes(21.4));

    private void Serve(object request)
    {
        var now = site.Time.GetUtcNow();
        switch (request)
        {
            case ManualFailbackRequested x:
                site.Change(
                    x.EntryId!.Value,
                    row =>
                        row with
                        {
                            Entry = row.Entry with
                            {
                                Failback = "Succeeded",
                                FailbackReason = null,
                                FailbackStartedAt = now.AddSeconds(-3.4),
                                FailbackEndedAt = now,
                            },
                        }
                );
                break;
            case StartDataCopy x:
                site.Change(x.EntryId, row => row with { Entry = row.Entry with { MaterialCopy = MaterialCopyStatus.Queued } });
                break;
            case PauseMaterialCopy x:
                Copy(x.MaterialCopyId, "Paused");
                break;
            case ResumeMaterialCopy x:
                Copy(x.MaterialCopyId, "Copying");
                break;
            case CancelMaterialCopy x:
                Copy(x.MaterialCopyId, "Canceled");
                break;
        }
    }

    private void Copy(Guid id, string status)
    {
        foreach (var entry in site.Rows.Where(x => x.Copy?.MaterialCopyId == id).Select(x => x.Entry.EntryId).ToList())
            site.Change(entry, row => row with { Copy = row.Copy! with { Status = status } });
    }

    private static string Subject(object request) =>
        request switch
        {
            ManualFailbackRequested x => x.EntryId.ToString()!,
            StartDataCopy x => x.EntryId.ToString(),
            PauseMaterialCopy x => x.MaterialCopyId.ToString(),
            _ => "site",
        };
}
