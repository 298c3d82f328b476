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

    /// <summary>Rights that nobody has any more.</summary>
    public ConcurrentDictionary<string, bool> TakenAway { get; } = new();

    /// <summary>The next requests are taken, and who asked does not learn it.</summary>
    public int LostReplies { get; set; }

    /// <summary>The next looks at a request fail.</summary>
    public int FailedLooks { get; set; }

    /// <summary>Nothing is decided: the bus is away.</summary>
    public bool Undecided { get; set; }

    /// <summary>A failback that is accepted goes on, instead of being over at once.</summary>
    public bool Endless { get; set; }

    /// <summary>What lies in the queues that people read.</summary>
    public QueuesView Queues { get; set; } = new(null, []);

    /// <summary>What the door throws that is no fault of the database.</summary>
    public Exception? Fault { get; set; }

    /// <summary>Another machine answers at the recorder's address.</summary>
    public bool Stranger { get; set; }

    /// <summary>Checks are such that they cannot be shown.</summary>
    public bool BrokenChecks { get; set; }

    /// <summary>Limits of the site; null as usual.</summary>
    public CopyLimitsView? Limits { get; set; }

    /// <summary>A request is taken when this ended, unless who asked went away before.</summary>
    public Task Open { get; set; } = Task.CompletedTask;

    /// <summary>Periods of entries are said when this ended.</summary>
    public Task OpenPeriods { get; set; } = Task.CompletedTask;

    /// <summary>Before each look at the audit trail.</summary>
    public Func<Task>? BeforeAudit { get; set; }

    /// <summary>Before the feed looks where it begins.</summary>
    public Func<Task>? BeforeListening { get; set; }

    /// <summary>Pages of the log, and single rows, that were read.</summary>
    public int PagesRead => _pagesRead;
    public int RowsRead => _rowsRead;

    /// <summary>No limit of speed is in force.</summary>
    public bool NoLimit { get; set; }

    /// <summary>What the next requests are answered with; null accepts them.</summary>
    public FailbackReason? Refuse { get; set; }
    public ConcurrentQueue<object> Requests { get; } = new();

    /// <summary>Of each try to ask.</summary>
    public ConcurrentQueue<Guid> Keys { get; } = new();

    /// <summary>Listeners of the live feed now.</summary>
    public int Listeners => _listeners;

    private int _listeners;
    private int _pagesRead;
    private int _rowsRead;

    public void SeePage() => Interlocked.Increment(ref _pagesRead);

    public void SeeRow() => Interlocked.Increment(ref _rowsRead);

    public bool Allows(Asker asker, string right) =>
        !TakenAway.ContainsKey(right) && (asker.Roles.Contains("all") || asker.Roles.Contains(right));

    public async Task<Asked> AskAsync(object request, Guid key, Asker asker, CancellationToken token)
    {
        if (Fault is not null)
            throw Fault;
        if (site.Away)
            throw new TimeoutException("the database is away");
        await Open.WaitAsync(token);
        Keys.Enqueue(key);
        var outcome = _asked.ContainsKey(key) ? AskOutcome.Repeated : AskOutcome.Accepted;
        if (outcome == AskOutcome.Accepted)
            Accept(request, key, asker);
        if (LostReplies == 0)
            return new Asked(outcome, key);
        LostReplies--;
        throw new TimeoutException("the connection broke");
    }

    private void Accept(object request, Guid key, Asker asker)
    {
        Requests.Enqueue(request);
        site.Note(asker.Name, request.GetType().Name, Subject(request), Refuse?.ToString() ?? "Accepted");
        var outcome = Refuse?.ToString() ?? "Accepted";
        _asked[key] = (
            new(key, request.GetType().Name, asker.Name, site.Time.GetUtcNow(), outcome, null),
            0,
            Refuse is null ? () => Serve(request) : null
        );
    }

    public Task<RequestView?> RequestAsync(Guid key, CancellationToken token)
    {
        if (site.Away || FailedLooks > 0)
        {
            FailedLooks--;
            throw new TimeoutException("the database is away");
        }
        if (!_asked.TryGetValue(key, out var asked))
            return Task.FromResult<RequestView?>(null);
        if (Undecided)
            return Task.FromResult<RequestView?>(asked.View with { Outcome = "Pending" });
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
            if (BeforeListening is { } before)
                await before();
            var known = after ?? site.Sequence;
            var away = false;
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.5), site.Time);
            while (await timer.WaitForNextTickAsync(token))
            {
                if (site.Away != away)
                {
                    away = site.Away;
                    yield return new(known, [], []);
                }
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

    public DateTimeOffset? AwaySince => site.Away ? site.Time.GetUtcNow() : null;

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
                                Failback = Endless ? "Running" : "Succeeded",
                                FailbackReason = null,
                                FailbackStartedAt = now.AddSeconds(-3.4),
                                FailbackEndedAt = Endless ? null : now,
                                Attempt = row.Entry.Attempt + 1,
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
