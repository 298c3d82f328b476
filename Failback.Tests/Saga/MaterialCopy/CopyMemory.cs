using System.Security.Cryptography;
using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using MassTransit;
using MassTransit.Saga;
using Microsoft.Extensions.Time.Testing;

namespace Failback.Tests;

/// <summary>The rows of a spec, in memory; the material copies themselves are the instances of the harness's saga repository.</summary>
internal sealed class CopyMemory(FakeTimeProvider time, IndexedSagaDictionary<MaterialCopyState> copies) : IDocuments
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Recorder> _recorders = [];
    private readonly Dictionary<Guid, FailoverLogEntry> _entries = [];
    private readonly Dictionary<Guid, ChannelCopy> _channels = [];
    private readonly Dictionary<string, CopyLimits> _limits = [];
    private readonly Dictionary<Guid, CopyProof> _reports = [];
    private readonly Dictionary<string, byte[]> _documents = [];
    private readonly HashSet<(Guid, string)> _seen = [];
    private readonly List<Publish> _later = [];
    private readonly List<Effect> _applied = [];

    /// <summary>Everything that was decided, in order.</summary>
    public IReadOnlyList<Effect> Applied => Locked(() => _applied.ToList());

    public FakeTimeProvider Time => time;

    /// <summary>Messages that the road loses, as a broker does whose data are gone.</summary>
    public Func<object, bool> Loses { get; set; } = _ => false;

    public T Locked<T>(Func<T> read)
    {
        lock (_gate)
            return read();
    }

    public Recorder? Recorder(string id) => Locked(() => _recorders.GetValueOrDefault(id));

    public FailoverLogEntry? Entry(Guid id) => Locked(() => _entries.GetValueOrDefault(id));

    public IReadOnlyList<FailoverLogEntry> Entries => Locked(() => _entries.Values.ToList());

    public IReadOnlyList<ChannelCopy> Channels => Locked(() => _channels.Values.OrderBy(x => x.Ordinal).ToList());

    /// <summary>Newest first.</summary>
    public IReadOnlyList<CopyProof> Reports => Locked(() => _reports.Values.OrderByDescending(x => x.AskedAt).ToList());

    public CopyProof? NewestReport => Reports is [var newest, ..] ? newest : null;

    public IReadOnlyList<CopyLimits> Limits => Locked(() => _limits.Values.OrderBy(x => x.RecorderId).ToList());

    /// <summary>Snapshots of the material copies, oldest first.</summary>
    public IReadOnlyList<MaterialCopyState> Copies =>
        [
            .. copies
                .Where(new SagaQuery<MaterialCopyState>(_ => true))
                .Select(x => x.Instance with { })
                .OrderBy(x => x.CreatedAt)
                .ThenBy(x => x.CorrelationId),
        ];

    public bool FirstSeen(Guid message, string consumer) => Locked(() => _seen.Add((message, consumer)));

    /// <summary>Keeps rows and what is due later; returns what is to be published now.</summary>
    public IReadOnlyList<Publish> Apply(IEnumerable<Effect> effects)
    {
        lock (_gate)
        {
            var now = new List<Publish>();
            foreach (var effect in effects)
            {
                _applied.Add(effect);
                if (effect is Save save)
                    Put(save.Row);
                else if (effect is Forget { Row: CopyProof report })
                    _reports.Remove(report.ReportId);
                else if (effect is Publish publish && !Loses(publish.Message))
                    (publish.NotBefore > time.GetUtcNow().UtcDateTime ? _later : now).Add(publish);
            }
            return now;
        }
    }

    public void Put(IRow row)
    {
        lock (_gate)
            switch (row)
            {
                case Recorder x:
                    _recorders[x.RecorderId] = x;
                    break;
                case FailoverLogEntry x:
                    _entries[x.EntryId] = x;
                    break;
                case ChannelCopy x:
                    _channels[x.ChannelCopyId] = x;
                    break;
                case CopyLimits x:
                    _limits[x.RecorderId] = x;
                    break;
                case CopyProof x:
                    _reports[x.ReportId] = x;
                    break;
                default:
                    throw new NotSupportedException(row.GetType().Name);
            }
    }

    /// <summary>What is due now, taken out.</summary>
    public IReadOnlyList<Publish> TakeDue()
    {
        lock (_gate)
        {
            var due = _later.Where(x => x.NotBefore <= time.GetUtcNow().UtcDateTime).ToList();
            _later.RemoveAll(due.Contains);
            return due;
        }
    }

    public Task<DocumentReference> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken token)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes.Span));
        lock (_gate)
            _documents[digest] = bytes.ToArray();
        return Task.FromResult(new DocumentReference { Digest = digest, Length = bytes.Length });
    }

    public Task<ReadOnlyMemory<byte>?> GetAsync(DocumentReference reference, CancellationToken token) =>
        Task.FromResult(Locked(() => _documents.TryGetValue(reference.Digest, out var x) ? (ReadOnlyMemory<byte>?)x : null));
}

/// <summary>A unit of work over <see cref="CopyMemory"/>; what it publishes goes through the harness's outbox.</summary>
internal sealed class CopyStore(CopyMemory memory, IPublishEndpoint road) : IFailbackStore
{
    public Task<Recorder?> RecorderAsync(string recorderId, CancellationToken token) => Task.FromResult(memory.Recorder(recorderId));

    public Task<FailoverLogEntry?> EntryAsync(Guid entryId, CancellationToken token) => Task.FromResult(memory.Entry(entryId));

    public Task<IReadOnlyList<FailoverLogEntry>> InheritedByAsync(Guid entryId, CancellationToken token) =>
        List(memory.Entries.Where(x => x.InheritedBy == entryId));

    public Task<IReadOnlyList<FailoverLogEntry>> OpenEntriesAsync(int limit, CancellationToken token) => List(memory.Entries.Take(limit));

    public Task<IReadOnlyList<FailoverLogEntry>> UncopiedEntriesAsync(DateTime endedAfter, int limit, CancellationToken token) =>
        throw new NotSupportedException("Asked by the reconciliation of failbacks, which has a database.");

    public Task<MaterialCopyState?> MaterialCopyAsync(Guid materialCopyId, CancellationToken token) =>
        Task.FromResult(memory.Copies.FirstOrDefault(x => x.CorrelationId == materialCopyId));

    public Task<IReadOnlyList<MaterialCopyState>> MaterialCopiesOfAsync(string recorderId, CancellationToken token) =>
        List(memory.Copies.Where(x => x.RecorderId == recorderId));

    public Task<IReadOnlyList<MaterialCopyState>> UnansweredCopiesAsync(DateTime? dueBefore, int limit, CancellationToken token) =>
        List(
            memory
                .Copies.Where(x => !x.HasEnded() && x.CurrentState != CopyStates.Initial)
                .Where(x => dueBefore is null || x.CurrentState == CopyStates.Queued || x.AnswerDueAt <= dueBefore)
                .Take(limit)
        );

    public Task<IReadOnlyList<MaterialCopyState>> LockMaterialCopiesAsync(
        IReadOnlyCollection<Guid> materialCopyIds,
        CancellationToken token
    ) => List(memory.Copies.Where(x => materialCopyIds.Contains(x.CorrelationId)));

    public Task<IReadOnlyList<ChannelCopy>> LockChannelCopiesAsync(IReadOnlyCollection<Guid> channelCopyIds, CancellationToken token) =>
        List(memory.Channels.Where(x => channelCopyIds.Contains(x.ChannelCopyId)));

    public Task<IReadOnlyList<ChannelCopy>> ChannelCopiesAsync(Guid materialCopyId, CancellationToken token) =>
        List(memory.Channels.Where(x => x.MaterialCopyId == materialCopyId));

    public Task<IReadOnlySet<Guid>> FirstSeenAsync(IReadOnlyCollection<Guid> messageIds, string consumer, CancellationToken token) =>
        Task.FromResult<IReadOnlySet<Guid>>(messageIds.Where(x => memory.FirstSeen(x, consumer)).ToHashSet());

    public async Task ApplyAsync(IEnumerable<Effect> effects, CancellationToken token)
    {
        foreach (var effect in memory.Apply(effects))
            await road.Publish(effect.Message, effect.Message.GetType(), x => x.MessageId = effect.MessageId, token);
    }

    public Task<IReadOnlyList<Recorder>> RecordersAsync(string? after, int limit, CancellationToken token) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<FailoverLogEntry>> EntriesOfAsync(string failedRecorderId, CancellationToken token) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<FailoverLogEntry>> EntriesUsingAsync(string failoverServerId, CancellationToken token) =>
        throw new NotSupportedException();

    public Task<CachedSettings?> SettingsAsync(string recorderId, CancellationToken token) => throw new NotSupportedException();

    public Task<IReadOnlyList<CopyLimits>> CopyLimitsAsync(IReadOnlyCollection<string> recorderIds, CancellationToken token) =>
        List(memory.Limits.Where(x => recorderIds.Contains(x.RecorderId)));

    public Task<IReadOnlyList<string>> CopyingAsync(CancellationToken token) =>
        List(memory.Copies.Where(x => x is { CurrentState: CopyStates.Copying, ClosedUntil: null }).Select(x => x.RecorderId).Distinct());

    public Task<Licence> LicenceAsync(CancellationToken token) => throw new NotSupportedException();

    public Task<Maintenance> MaintenanceAsync(CancellationToken token) => throw new NotSupportedException();

    public Task<FailbackState?> FailbackAsync(string failedRecorderId, CancellationToken token) => throw new NotSupportedException();

    public Task<IReadOnlyList<FailbackState>> UnansweredFailbacksAsync(DateTime? dueBefore, int limit, CancellationToken token) =>
        throw new NotSupportedException();

    public Task<CopyProof?> ReportAsync(Guid reportId, CancellationToken token) =>
        Task.FromResult(memory.Reports.FirstOrDefault(x => x.ReportId == reportId));

    public Task<IReadOnlyList<CopyProof>> ReportsOfAsync(Guid entryId, CancellationToken token) =>
        List(memory.Reports.Where(x => x.EntryId == entryId));

    public Task<IReadOnlyList<CopyProof>> ReportsAskedAsync(int limit, CancellationToken token) =>
        List(memory.Reports.Where(x => x.Status == ProofStatus.Asked).OrderBy(x => x.AnswerDueAt).Take(limit));

    public Task<IdempotencyKey?> KeyAsync(Guid key, CancellationToken token) => throw new NotSupportedException();

    public Task<IReadOnlyList<SystemChange>> ChangesSinceAsync(long number, int limit, CancellationToken token) =>
        throw new NotSupportedException();

    private static Task<IReadOnlyList<T>> List<T>(IEnumerable<T> rows) => Task.FromResult<IReadOnlyList<T>>(rows.ToList());
}

/// <summary>Units of work one after another.</summary>
internal sealed class CopyUnits(CopyMemory memory, IBus bus) : IFailbackUnits, IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    public async Task<T> RunAsync<T>(Func<IFailbackStore, CancellationToken, Task<T>> work, CancellationToken token)
    {
        await _one.WaitAsync(token);
        try
        {
            return await work(new CopyStore(memory, bus), token);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();
}

/// <summary>Grants what D14 names to the roles that the specs use.</summary>
internal sealed class CopyRights : IRights
{
    public bool Allows(IReadOnlyList<string> roles, string right) =>
        roles.Contains("operator") || (roles.Contains("failback") && right == "copy.start");
}
