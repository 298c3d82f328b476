using System.Collections.Concurrent;
using System.Diagnostics;
using Failback.Hosting;
using Failback.Messages;
using MassTransit;

namespace Failback.Tests;

/// <summary>
/// Recorders that fail and come back, round after round, while a spec breaks a server: a controller that repeats a message until the
/// broker confirmed it, persons whose requests are accepted over the bus and, every second one, as a row of the outbox; a scripted worker.
/// </summary>
internal sealed class BusySite : IAsyncDisposable
{
    public const int Recorders = 6;

    /// <summary>A controller gives up a publish that is not confirmed by then, and tries again.</summary>
    public static readonly TimeSpan PublishWithin = TimeSpan.FromSeconds(10);

    /// <summary>One round, faults included.</summary>
    private static readonly TimeSpan RoundWithin = TimeSpan.FromSeconds(100);
    private readonly ConcurrentQueue<Round> ended = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> loops = [];
    private long version;
    private long longestPublish;
    private int repeated;
    private int going;

    private BusySite(SagaProcess saga) => Saga = saga;

    public SagaProcess Saga { get; }

    /// <summary>Failbacks that ended, in order.</summary>
    public IReadOnlyList<Round> Ended => [.. ended];

    /// <summary>The longest that a publish took, whether it was confirmed or given up.</summary>
    public TimeSpan LongestPublish => TimeSpan.FromTicks(Interlocked.Read(ref longestPublish));

    /// <summary>Publishes that were not confirmed and therefore repeated.</summary>
    public int Repeated => Volatile.Read(ref repeated);

    /// <summary>Publish each message a second time, under the same id.</summary>
    public bool Doubled { get; set; }

    /// <summary>Repeat what was confirmed until it has an effect, as a controller does when queues were deleted.</summary>
    public bool Insistent { get; set; }

    /// <summary>No round begins.</summary>
    public bool Resting { get; set; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A site whose first round is done: queues are declared, statements prepared.</summary>
    public static async Task<BusySite> StartAsync(Uri? bus, string database, params string[] settings)
    {
        var saga = await SagaProcess.StartAsync(
            database,
            bus,
            [
                "--Failback:Saga:AnswerSeconds=5",
                "--Failback:Reconciler:EverySeconds=1",
                "--Logging:LogLevel:Microsoft=Critical",
                .. settings,
            ]
        );
        var site = new BusySite(saga);
        try
        {
            await site.IntroduceAsync();
            for (var n = 1; n <= Recorders; n++)
                site.loops.Add(site.LoopAsync(n));
            await site.MovesAsync("the first rounds");
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
        return site;
    }

    /// <summary>Waits until each recorder ended a failback that began after now.</summary>
    /// <returns>How long the first and the last of them took from now.</returns>
    public async Task<Recovery> MovesAsync(string what, TimeSpan? deadline = null)
    {
        var (watch, since) = (Stopwatch.StartNew(), Stopwatch.GetTimestamp());
        TimeSpan? first = null;
        await Eventually.Equal(
            $"{what}: recorders with a failback that began and ended since",
            Recorders,
            () =>
            {
                if (loops.FirstOrDefault(x => x.IsFaulted) is { } broken)
                    throw broken.Exception!.InnerException!;
                var moved = ended.Where(x => x.AskedAt >= since).Select(x => x.Recorder).Distinct().Count();
                if (moved > 0)
                    first ??= watch.Elapsed;
                return moved;
            },
            deadline ?? TimeSpan.FromSeconds(90)
        );
        return new Recovery(first!.Value, watch.Elapsed);
    }

    /// <summary>Rests, with every round that was begun ended.</summary>
    public async Task RestAsync()
    {
        Resting = true;
        await Eventually.Equal("rounds that go on", 0, () => Volatile.Read(ref going), RoundWithin);
    }

    /// <summary>Lets every recorder finish its round; each must.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(loops);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Saga.DisposeAsync();
        stopping.Dispose();
    }

    /// <summary>Publishes until the broker confirmed it, under one message id.</summary>
    public async Task TellAsync(object message, Guid? messageId = null)
    {
        var id = messageId ?? Guid.NewGuid();
        await Eventually.True($"{message.GetType().Name} is confirmed", () => TryTellAsync(message, id), RoundWithin);
        if (Doubled)
            await TryTellAsync(message, id);
    }

    /// <summary>Until a publish is given up: nobody pretends that the broker took it.</summary>
    public Task StandsStillAsync() =>
        Eventually.True(
            "a publish is not confirmed",
            async () => !await TryTellAsync(new UpdateFailoverTaskStates { RecorderId = "rec-1" }, Guid.NewGuid()),
            TimeSpan.FromMinutes(1)
        );

    private async Task<bool> TryTellAsync(object message, Guid id)
    {
        var watch = Stopwatch.StartNew();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(PublishWithin);
        try
        {
            var (type, named) = (message.GetType(), Pipe.Execute<PublishContext>(x => x.MessageId = id));
            await Saga.Service<PublishGate>().PublishAsync(type.FullName!, x => Saga.Bus.Publish(message, type, named, x), limit.Token);
            return true;
        }
        catch (Exception) when (!Token.IsCancellationRequested)
        {
            Interlocked.Increment(ref repeated);
            return false;
        }
        finally
        {
            InterlockedMax(watch.Elapsed.Ticks);
        }
    }

    private void InterlockedMax(long ticks)
    {
        for (var seen = longestPublish; ticks > seen; seen = longestPublish)
            if (Interlocked.CompareExchange(ref longestPublish, ticks, seen) == seen)
                return;
    }

    private async Task IntroduceAsync()
    {
        await TellAsync(new LicenceChanged { FailoverEnabled = true, Version = ++version });
        for (var n = 1; n <= Recorders; n++)
            foreach (var id in new[] { $"rec-{n}", $"fo-{n}" })
                await TellAsync(
                    new RecorderConfigured
                    {
                        RecorderId = id,
                        Version = ++version,
                        Name = id,
                        Address = $"http://127.0.0.1:1/{id}",
                        AddressVersion = 1,
                        FailoverServer = id[0] == 'f',
                        AutomaticFailback = false,
                    }
                );
        await Eventually.Equal("recorders known", 2 * Recorders, async () => (await Saga.Read.RecordersAsync(null, 100, Token)).Count);
    }

    private async Task LoopAsync(int n)
    {
        // Not on the thread of the spec: it waits for others.
        await Task.Yield();
        for (var round = 0; !stopping.IsCancellationRequested; round++)
        {
            if (Resting)
                await Eventually.True("the rest is over", () => !Resting || stopping.IsCancellationRequested, RoundWithin);
            Interlocked.Increment(ref going);
            await RoundAsync(n, round);
            Interlocked.Decrement(ref going);
        }
    }

    private async Task RoundAsync(int n, int round)
    {
        var (asked, watch) = (Stopwatch.GetTimestamp(), Stopwatch.StartNew());
        var (entry, at) = (Guid.CreateVersion7(), FailbackSpec.Morning.AddMinutes(round));
        var failover = new FailoverCompleted
        {
            EntryId = entry,
            FailedRecorderId = $"rec-{n}",
            FailoverServerId = $"fo-{n}",
            StartedAt = at,
            CompletedAt = at.AddSeconds(30),
            Succeeded = true,
        };
        await UntilAsync(entry, failover, Guid.NewGuid(), x => x?.Failover == "Succeeded");
        var request = new ManualFailbackRequested
        {
            RequestId = Guid.NewGuid(),
            FailedRecorderId = $"rec-{n}",
            EntryId = entry,
            RequestedBy = "anna",
            Roles = ["operator"],
        };
        await UntilAsync(entry, request, request.RequestId, x => x?.Failback is "Succeeded" or "Failed", (n + round) % 2 == 0);
        ended.Enqueue(new Round($"rec-{n}", entry, request.RequestId, asked, watch.Elapsed));
    }

    /// <summary>Says it once, or again and again when insistent, until the log shows what it was said for.</summary>
    private async Task UntilAsync(Guid entry, object message, Guid id, Func<Saga.LogEntryView?, bool> holds, bool throughTheOutbox = false)
    {
        await AcceptedAsync(message, id, throughTheOutbox);
        var (told, watch) = (Stopwatch.StartNew(), Stopwatch.StartNew());
        await Eventually.Get(
            $"{message.GetType().Name} of {entry} has its effect",
            async () =>
            {
                if (Insistent && told.Elapsed > TimeSpan.FromSeconds(5) && watch.Elapsed < RoundWithin)
                {
                    told.Restart();
                    await AcceptedAsync(message, id, throughTheOutbox);
                }
                return await Saga.Read.EntryAsync(entry, Token);
            },
            x => holds(x),
            RoundWithin
        );
    }

    private async Task AcceptedAsync(object message, Guid id, bool throughTheOutbox)
    {
        if (!throughTheOutbox)
        {
            await TellAsync(message, id);
            return;
        }
        await Eventually.True(
            "the request is a row",
            async () =>
                await Saga.In(async store =>
                {
                    await store.ApplyAsync([new Saga.Publish(message, id)], Token);
                    return true;
                }),
            RoundWithin
        );
    }
}

/// <summary>A failover and its failback.</summary>
/// <param name="AskedAt">A <see cref="Stopwatch"/> time stamp, of before its first message.</param>
internal sealed record Round(string Recorder, Guid Entry, Guid Request, long AskedAt, TimeSpan Took);

/// <summary>How long it took until work moved again.</summary>
internal readonly record struct Recovery(TimeSpan First, TimeSpan All)
{
    public override string ToString() => $"the first failback in {First.TotalSeconds:0.0} s, of all recorders in {All.TotalSeconds:0.0} s";
}
