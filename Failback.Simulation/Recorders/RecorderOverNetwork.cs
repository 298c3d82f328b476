using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Failback.Recorders;

namespace Failback.Simulation;

/// <summary>
/// A recorder as one process reaches it: requests travel, may hang, break or be lost on either way. What has left the process arrives
/// even when the process dies meanwhile.
/// </summary>
internal sealed class RecorderOverNetwork(SimulatedRecorder recorder, SimulatedProcess process, Faults faults, Dice dice) : IRecorder
{
    /// <summary>After that long without a byte an adapter gives up.</summary>
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(20);

    public Task<RecorderStatus> GetStatusAsync(CancellationToken token) => AskAsync(recorder.Status, token);

    public Task<RecorderSettings?> GetSettingsAsync(CancellationToken token) => AskAsync(() => recorder.Settings, token);

    public Task<string> PutSettingsAsync(RecorderSettings settings, RestoreAttempt attempt, CancellationToken token) =>
        AskAsync(() => recorder.Put(settings, attempt), token);

    public Task ActivateAsync(RestoreAttempt attempt, CancellationToken token) => DoAsync(() => recorder.Activate(attempt), token);

    public Task ReleaseAsync(RestoreAttempt attempt, CancellationToken token) => DoAsync(() => recorder.Release(attempt), token);

    public Task<IReadOnlyList<Channel>> ListChannelsAsync(string originRecorderId, CancellationToken token) =>
        AskAsync(() => recorder.ListChannels(originRecorderId), token);

    public Task<ItemPage> ListItemsAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token) =>
        AskAsync(() => recorder.List(period, cursor, limit), token);

    public Task<IReadOnlyList<BucketDigest>> DigestItemsAsync(TrackPeriod period, int buckets, CancellationToken token) =>
        AskAsync(() => recorder.Sum(period, buckets), token);

    public async IAsyncEnumerable<ItemContent> ReadItemsAsync(
        Track track,
        IReadOnlyList<ItemEntry> items,
        [EnumeratorCancellation] CancellationToken token
    )
    {
        await AskAsync(() => true, token);
        foreach (var entry in items)
        {
            if (dice.Chance(0.3))
                await process.DelayAsync(dice.Seconds(0.01, 0.4), token);
            if (!recorder.Up)
                throw new RecorderException(RecorderFault.Unreachable, "the connection broke between items");
            if (faults.Strikes(FaultKind.Reset))
                throw new RecorderException(RecorderFault.Unreachable, "the connection was reset");
            if (recorder.Find(track, entry) is not { } stored)
                continue;
            yield return new ItemContent(stored.Entry, await ContentAsync(stored, token));
        }
    }

    public async Task<IReadOnlyList<ItemReceipt>> WriteItemsAsync(Track track, IAsyncEnumerable<ItemContent> items, CancellationToken token)
    {
        var arrived = new List<(ItemEntry Entry, byte[] Bytes)>();
        ExceptionDispatchInfo? broken = null;
        try
        {
            await foreach (var item in items.WithCancellation(token))
            {
                arrived.Add((item.Entry, await WholeAsync(item, token)));
            }
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !token.IsCancellationRequested)
        {
            broken = ExceptionDispatchInfo.Capture(fault);
        }
        var receipts = await AskAsync(() => Write(track, arrived), token, Sync(track));
        broken?.Throw();
        return receipts;
    }

    /// <summary>Only failover servers damage what they have: a repaired recorder, which is asked, reads back what it lists.</summary>
    public Task<ItemPage> VerifyItemsAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token) =>
        ListItemsAsync(period, cursor, limit, token);

    public Task HoldAsync(Hold hold, CancellationToken token) => DoAsync(() => recorder.Hold(hold), token);

    public Task ReleaseHoldAsync(Guid holdId, CancellationToken token) => DoAsync(() => recorder.ReleaseHold(holdId), token);

    public Task<IReadOnlyList<Hold>> ListHoldsAsync(CancellationToken token) => AskAsync(() => recorder.State.Holds, token);

    /// <summary>The stream's own way to read all of it would go on in the thread pool.</summary>
    private static async Task<byte[]> WholeAsync(ItemContent item, CancellationToken token)
    {
        var bytes = new byte[item.Entry.Length];
        for (var read = 0; read < bytes.Length; )
            read += await item.Content.ReadAsync(bytes.AsMemory(read), token) is > 0 and var more ? more : throw new EndOfStreamException();
        return bytes;
    }

    private Task<bool> DoAsync(Action act, CancellationToken token) =>
        AskAsync(
            () =>
            {
                act();
                return true;
            },
            token
        );

    /// <summary>There, done, synced, and back.</summary>
    private async Task<T> AskAsync<T>(Func<T> serve, CancellationToken token, Action? sync = null)
    {
        token.ThrowIfCancellationRequested();
        var answered = new TaskCompletionSource<T>();
        using var given = token.Register(() => answered.TrySetCanceled(token));
        process.Time.After(Latency(), () => Arrive(serve, sync, answered));
        return await answered.Task;
    }

    private void Arrive<T>(Func<T> serve, Action? sync, TaskCompletionSource<T> answered)
    {
        recorder.Requests++;
        if (!recorder.Up)
            Fail(answered, RecorderFault.Unreachable, TimeSpan.FromSeconds(dice.Chance(0.5) ? 0.01 : 3));
        else if (faults.Strikes(FaultKind.Busy))
            Fail(answered, dice.Chance(0.5) ? RecorderFault.Busy : RecorderFault.Unreachable, TimeSpan.FromMilliseconds(20));
        else if (faults.Strikes(FaultKind.HangInHeaders))
            Fail(answered, RecorderFault.Stalled, Stall);
        else
            Serve(serve, sync, answered);
    }

    private void Serve<T>(Func<T> serve, Action? sync, TaskCompletionSource<T> answered)
    {
        var boot = recorder.Boot;
        try
        {
            var answer = serve();
            var synced = sync is null ? TimeSpan.Zero : dice.Seconds(0.002, 0.2);
            process.Time.After(
                synced,
                () =>
                {
                    if (recorder.Boot != boot)
                        Fail(answered, RecorderFault.Unreachable, TimeSpan.FromSeconds(1));
                    else
                        Answer(answer, sync, answered);
                }
            );
        }
        catch (RecorderException refused)
        {
            process.Time.After(Latency(), () => answered.TrySetException(refused));
        }
    }

    private void Answer<T>(T answer, Action? sync, TaskCompletionSource<T> answered)
    {
        sync?.Invoke();
        // Done, and nobody is told: the next try meets what this one did.
        if (faults.Strikes(FaultKind.HalfOpen))
            Fail(answered, RecorderFault.Stalled, Stall);
        else
            process.Time.After(Latency(), () => answered.TrySetResult(answer));
    }

    private void Fail<T>(TaskCompletionSource<T> answered, RecorderFault fault, TimeSpan after) =>
        process.Time.After(after, () => answered.TrySetException(new RecorderException(fault, $"{fault}")));

    private IReadOnlyList<ItemReceipt> Write(Track track, List<(ItemEntry Entry, byte[] Bytes)> arrived)
    {
        if (recorder.Trouble is { } trouble)
            throw new RecorderException(trouble, $"{trouble}");
        return [.. arrived.Select(x => new ItemReceipt(x.Entry, recorder.Write(track, x.Entry, x.Bytes)))];
    }

    private Action Sync(Track track) =>
        () =>
        {
            foreach (var item in recorder.Of(track))
                item.Durable = true;
        };

    private async Task<Stream> ContentAsync(Stored stored, CancellationToken token)
    {
        var bytes = stored.Bytes;
        if (faults.Strikes(FaultKind.HangInBody))
        {
            await process.DelayAsync(Stall, token);
            throw new RecorderException(RecorderFault.Stalled, "nothing came");
        }
        if (bytes.Length > 1 && faults.Strikes(FaultKind.Truncated))
            bytes = bytes[..dice.Below(bytes.Length)];
        else if (bytes.Length > 0 && faults.Strikes(FaultKind.BitFlip))
        {
            bytes = [.. bytes];
            bytes[dice.Below(bytes.Length)] ^= (byte)(1 << dice.Below(8));
        }
        return new MemoryStream(bytes, writable: false);
    }

    private TimeSpan Latency() => TimeSpan.FromMicroseconds(300 + dice.Below(8_000));
}

/// <summary>Opens the recorders of the site for one process.</summary>
internal sealed class SimulatedRegistry(
    IReadOnlyDictionary<string, SimulatedRecorder> recorders,
    SimulatedProcess process,
    Faults faults,
    Dice dice
) : IRecorderRegistry
{
    public const string Scheme = "simulated://";

    public IRecorder Open(string recorderId, string address) =>
        recorders.TryGetValue(address.Replace(Scheme, "", StringComparison.Ordinal), out var recorder)
            ? new RecorderOverNetwork(recorder, process, faults, dice)
            : throw new RecorderException(RecorderFault.BadAddress, "no such recorder");
}
