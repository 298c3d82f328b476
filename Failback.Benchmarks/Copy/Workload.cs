using System.Security.Cryptography;
using Failback.Recorders;

namespace Failback.Benchmarks;

/// <summary>What is copied, where it lies, and what is promised of copying it.</summary>
/// <param name="Place">The directory that holds everything of this workload.</param>
/// <param name="OnDisk">Whether making it durable means anything there.</param>
/// <param name="Durable">Beside those only that make it durable too.</param>
/// <param name="Goals">How many times as fast ours has to be, by the name of ours and of the other.</param>
/// <param name="MostCpu">CPU seconds per GB that ours may take, by its name.</param>
internal sealed record Workload(
    string Name,
    TrackKind Kind,
    int Items,
    int ItemBytes,
    TimeSpan ItemDuration,
    string Place,
    bool OnDisk,
    bool Durable,
    IReadOnlyDictionary<(string Ours, string Other), double> Goals,
    IReadOnlyDictionary<string, double>? MostCpu = null
)
{
    public long Bytes => (long)Items * ItemBytes;
    public string Source => Path.Combine(Place, SourceFolder);

    private const string SourceFolder = "source";

    /// <summary>Folders of what is copied from: they are in memory for everybody.</summary>
    private static readonly string[] Sources = [SourceFolder, OurSource.Folder];

    /// <summary>The file of an item; they are named alike on every side.</summary>
    public static string FileName(int item) => $"{item:D6}.bin";

    public string Target(string contender, int round) => Path.Combine(Place, "target", contender, $"round-{round}");

    public DateTimeOffset Start(int item) => Period.From + Every * item;

    /// <summary>Records have no duration, but they do not all happen at once.</summary>
    public TimeSpan Every => ItemDuration > TimeSpan.Zero ? ItemDuration : TimeSpan.FromMilliseconds(300);

    public (DateTimeOffset From, DateTimeOffset To) Period
    {
        get
        {
            var from = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
            return (from, from + Every * Items);
        }
    }

    /// <summary>Writes the files: bytes that no one can compress or find twice.</summary>
    /// <returns>The SHA-256 of each item, in order.</returns>
    public async Task<IReadOnlyList<string>> MakeAsync(CancellationToken token)
    {
        Directory.CreateDirectory(Source);
        var digests = new string[Items];
        var bytes = new byte[ItemBytes];
        var random = new Random(Seed: 5);
        for (var i = 0; i < Items; i++)
        {
            random.NextBytes(bytes);
            await File.WriteAllBytesAsync(Path.Combine(Source, FileName(i)), bytes, token);
            digests[i] = Convert.ToHexStringLower(SHA256.HashData(bytes));
        }
        return digests;
    }

    /// <summary>
    /// As many bytes copied and deleted again, directly before a timed run: the pages it needs are warm then, for everybody alike.
    /// Few files, because deleting many slows down their creation afterwards on some file systems. And what who ran before left to be written
    /// is written, and leaves the memory: nobody pays for it. The sources stay there.
    /// </summary>
    public async Task PrimeAsync(CancellationToken token)
    {
        if (OnDisk)
        {
            await Child.RunAsync("sync", ["-f", Place], token);
            foreach (var folder in Directory.EnumerateDirectories(Place).Where(x => !Sources.Contains(Path.GetFileName(x))))
                PageCache.Drop(folder);
        }
        var directory = Directory.CreateDirectory(Path.Combine(Place, "primer")).FullName;
        var bytes = new byte[1 << 20];
        var file = Path.Combine(directory, "primer.bin");
        await using (var stream = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            for (var left = Bytes; left > 0; left -= bytes.Length)
                await stream.WriteAsync(bytes.AsMemory(0, (int)Math.Min(left, bytes.Length)), token);
        }
        File.Copy(file, file + ".copy");
        Directory.Delete(directory, recursive: true);
        if (OnDisk)
            await Child.RunAsync("sync", ["-f", Place], token);
    }

    /// <summary>The workloads of the benchmark; the small ones show only that everything works.</summary>
    public static IReadOnlyList<Workload> All(string disk, string memory, bool quick)
    {
        var second = TimeSpan.FromSeconds(10);
        Dictionary<(string, string), double> video = new()
        {
            [(Names.Relayed, Names.Rclone)] = 2.5,
            [(Names.Relayed, Names.Curl)] = 2.5,
            [(Names.Fetched, Names.RsyncDaemon)] = 1.2,
        };
        Dictionary<(string, string), double> videoDurable = new()
        {
            [(Names.Fetched, Names.RsyncFsync)] = 1.8,
            [(Names.Fetched, Names.CpSync)] = 0.9,
        };
        Dictionary<string, double> cpu = new() { [Names.Relayed] = 3, [Names.Fetched] = 1.8 };
        Dictionary<(string, string), double> audio = new() { [(Names.Relayed, Names.Curl)] = 3, [(Names.Fetched, Names.Curl)] = 3 };
        Dictionary<(string, string), double> audioDurable = new()
        {
            [(Names.Relayed, Names.RsyncFsync)] = 4,
            [(Names.Fetched, Names.RsyncFsync)] = 4,
        };
        Dictionary<(string, string), double> records = new()
        {
            [(Names.Relayed, Names.RsyncDaemon)] = 8,
            [(Names.Relayed, Names.OneByOne)] = 20,
            [(Names.Fetched, Names.RsyncDaemon)] = 8,
            [(Names.Fetched, Names.OneByOne)] = 20,
        };
        var (v, a, r) = quick ? ((4, 256 << 10), (20, 10 << 10), (100, 1 << 10)) : ((200, 5_000_000), (5_000, 100_000), (100_000, 1_000));
        return
        [
            new("video", TrackKind.Video, v.Item1, v.Item2, second, Path.Combine(disk, "video"), true, false, video, cpu),
            new("audio", TrackKind.Audio, a.Item1, a.Item2, second, Path.Combine(memory, "audio"), false, false, audio),
            new("records", TrackKind.Anpr, r.Item1, r.Item2, TimeSpan.Zero, Path.Combine(memory, "records"), false, false, records),
            new("video-durable", TrackKind.Video, v.Item1, v.Item2, second, Path.Combine(disk, "video-durable"), true, true, videoDurable),
            new("audio-durable", TrackKind.Audio, a.Item1, a.Item2, second, Path.Combine(disk, "audio-durable"), true, true, audioDurable),
        ];
    }
}

/// <summary>The contenders by name, as the tables and goals call them.</summary>
internal static class Names
{
    public const string Relayed = "Failback, relayed";
    public const string Fetched = "Failback, target fetches";
    public const string Cp = "cp -r";
    public const string CpSync = "cp -r, sync -f";
    public const string RsyncDaemon = "rsync daemon";
    public const string RsyncFsync = "rsync daemon, --fsync";
    public const string Rclone = "rclone http to webdav";
    public const string OneByOne = "one GET and PUT an item, 4 at once";
    public const string Curl = "curl --parallel, down then up";
}
