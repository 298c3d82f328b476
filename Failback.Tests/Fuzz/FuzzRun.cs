using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.MemoryMappedFiles;

namespace Failback.Tests;

/// <summary>What came of one bad input.</summary>
/// <param name="Kind">Under which it is counted, for example "refused: Malformed".</param>
/// <param name="Said">Everything that was said of it to people or logs: no secret may be in it.</param>
internal readonly record struct FuzzOutcome(string Kind, string Said = "");

/// <summary>
/// Feeds generated inputs to one target. Each has a seed of its own, made of the commit's turn, the target and its number, so that other
/// inputs run with each commit and one that fails can be made again: the failure prints the seed and the bytes. Fails at an exception,
/// at a hang, at an input that takes too much memory, and at a word that holds the canary. The input in hand is also kept in a mapped
/// file, which survives a crash of this process.
/// </summary>
internal sealed class FuzzRun(string target, int inputs)
{
    /// <summary>Stands for every secret: generators write it where secrets stand, nothing that is said may hold it.</summary>
    public const string Canary = "canary-S3CR3T-3141";

    private const long PerByte = 64;
    private const int MostKeptBytes = 256 << 10;
    private readonly ConcurrentDictionary<string, int> kinds = new();
    private long began;
    private int current;
    private double slowestMilliseconds;
    private int slowest;
    private long mostAllocated;

    /// <summary>Bytes that one input may cost at most, beside 64 for each of its own; looked at where the target does not wait for anything.</summary>
    public long MostBytesEach { get; init; } = 16L << 20;

    /// <summary>
    /// An input that takes longer hangs: when it is given again it takes as long again. A machine whose disk stands still for a while delays
    /// any input, but not the same one twice.
    /// </summary>
    public TimeSpan Hang { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>From then on it is not waited for.</summary>
    private TimeSpan Endless => Hang * 12;

    /// <summary>Inputs that failed once, base64; they run first, every time.</summary>
    public IReadOnlyList<string> Kept { get; init; } = [];

    public int Count(string kind) => kinds.GetValueOrDefault(kind);

    public int SeedOf(int number) => HashCode(Programme.Rotation, target, number);

    public Task RunAsync(Func<Random, byte[]> make, Func<byte[], FuzzOutcome> feed) => RunAsync(make, x => ValueTask.FromResult(feed(x)));

    /// <param name="make">An input; depends on the random numbers alone.</param>
    /// <param name="feed">Gives it to the target.</param>
    public async Task RunAsync(Func<Random, byte[]> make, Func<byte[], ValueTask<FuzzOutcome>> feed)
    {
        var worker = Task.Factory.StartNew(
            () => FeedAllAsync(make, feed),
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        var all = worker.Unwrap();
        var hung = false;
        await Eventually.True(
            $"{inputs} inputs of {target}",
            () => all.IsCompleted || (hung = began != 0 && Stopwatch.GetElapsedTime(Volatile.Read(ref began)) > Endless),
            TimeSpan.FromHours(2)
        );
        if (hung && !all.IsCompleted)
            Assert.Fail(
                $"{target}: input {current} (seed {SeedOf(current)}) takes more than {Endless.TotalSeconds} s: {Print(Made(make, current))}"
            );
        await all;
        TestContext.Current.SendDiagnosticMessage("{0}", this);
    }

    /// <summary>One line for people.</summary>
    public override string ToString() =>
        $"{target}: {inputs} inputs of turn {Programme.Rotation}, slowest (number {slowest}) {slowestMilliseconds:0} ms{Memory}; "
        + string.Join(
            ", ",
            kinds.OrderByDescending(x => x.Value).ThenBy(x => x.Key, StringComparer.Ordinal).Select(x => $"{x.Key} {x.Value}")
        );

    private string Memory => mostAllocated == 0 ? "" : $", most memory of one {mostAllocated >> 10} KiB";

    /// <summary>The same number on every machine, other than the hash codes of strings.</summary>
    private static int HashCode(int turn, string target, int number)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes($"{turn}/{target}/{number}");
        return unchecked((int)System.IO.Hashing.XxHash32.HashToUInt32(bytes));
    }

    private async Task FeedAllAsync(Func<Random, byte[]> make, Func<byte[], ValueTask<FuzzOutcome>> feed)
    {
        using var kept = new InputInHand(target);
        for (current = -Kept.Count; current < inputs; current++)
        {
            var input = Made(make, current);
            kept.Take(input);
            if (await FeedAsync(input, feed) > Hang && await FeedAsync(input, feed) > Hang)
                Assert.Fail($"{target}: input {current} (seed {SeedOf(current)}) takes more than {Hang.TotalSeconds} s: {Print(input)}");
        }
        kept.Forget();
    }

    private byte[] Made(Func<Random, byte[]> make, int number) =>
        number < 0 ? Convert.FromBase64String(Kept[number + Kept.Count]) : make(new Random(SeedOf(number)));

    /// <returns>How long it took.</returns>
    private async Task<TimeSpan> FeedAsync(byte[] input, Func<byte[], ValueTask<FuzzOutcome>> feed)
    {
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        Volatile.Write(ref began, start);
        FuzzOutcome outcome;
        try
        {
            var fed = feed(input);
            // What really waits goes on elsewhere, where this thread's count says nothing.
            allocated = fed.IsCompleted ? GC.GetAllocatedBytesForCurrentThread() - allocated : 0;
            outcome = await fed;
        }
        catch (Exception thrown)
        {
            throw new InvalidOperationException(
                $"{target}: input {current} (seed {SeedOf(current)}) was not refused, it broke something: {thrown.Message}\n{Print(input)}",
                thrown
            );
        }
        var took = Stopwatch.GetElapsedTime(start);
        if (took.TotalMilliseconds > slowestMilliseconds)
            (slowestMilliseconds, slowest) = (took.TotalMilliseconds, current);
        mostAllocated = Math.Max(mostAllocated, allocated);
        if (allocated > MostBytesEach + PerByte * input.Length)
            Assert.Fail($"{target}: input {current} (seed {SeedOf(current)}) took {allocated} bytes of memory: {Print(input)}");
        if (outcome.Said.Contains(Canary, StringComparison.Ordinal))
            Assert.Fail(
                $"{target}: input {current} (seed {SeedOf(current)}): a secret is in what was said: {outcome.Said}\n{Print(input)}"
            );
        kinds.AddOrUpdate(outcome.Kind, 1, (_, x) => x + 1);
        return took;
    }

    private static string Print(byte[] input) =>
        $"Convert.FromBase64String(\"{Convert.ToBase64String(input, 0, Math.Min(input.Length, 8_192))}\"), {input.Length} bytes";

    /// <summary>The input in hand, in a file that is still there when this process is not.</summary>
    private sealed class InputInHand : IDisposable
    {
        private readonly string path;
        private readonly MemoryMappedFile file;
        private readonly MemoryMappedViewAccessor view;

        public InputInHand(string target)
        {
            path = Repository.PathOf("out", "fuzz", target.Replace(' ', '-') + ".last");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, MostKeptBytes + sizeof(int));
            view = file.CreateViewAccessor();
        }

        public void Take(byte[] input)
        {
            view.Write(0, input.Length);
            view.WriteArray(sizeof(int), input, 0, Math.Min(input.Length, MostKeptBytes));
        }

        public void Forget() => File.Delete(path);

        public void Dispose()
        {
            view.Dispose();
            file.Dispose();
        }
    }
}
