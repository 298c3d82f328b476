using System.Diagnostics;
using System.Globalization;

namespace Failback.Tests;

/// <summary>
/// All rooms in a process whose wall clock is stepped under it (libfaketime); recorders and controller keep theirs. Durations of the
/// process are measured by a clock that does not step, as on a real machine.
/// </summary>
[PerRun(1)]
[Collection("chaos")]
[Covers("F9", "I1", "I2", "I3")]
public sealed class When_the_clock_steps
{
    private const int ItemsATrack = 400;
    private static readonly string[] Tracks = ["cam-1", "cam-2", "cam-3"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>The copy alone takes three quarters of a minute at its speed.</summary>
    private static readonly TimeSpan ToItsEnd = TimeSpan.FromMinutes(4);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [RotatingFact]
    public Task an_hour_forward_while_it_copies_costs_nothing() => StepAsync(TimeSpan.FromHours(1));

    [RotatingFact]
    public Task an_hour_back_while_it_copies_costs_nothing() => StepAsync(TimeSpan.FromHours(-1));

    /// <summary>Local time jumps, and nothing of Failback is in local time.</summary>
    [RotatingFact]
    public Task summer_time_begins_while_it_copies() => StepAsync(TimeSpan.Zero, (2, 3));

    [RotatingFact]
    public Task summer_time_ends_while_it_copies() => StepAsync(TimeSpan.Zero, (3, 2));

    private static async Task StepAsync(TimeSpan step, (int Before, int After)? hours = null)
    {
        var watch = Stopwatch.StartNew();
        await using var site = await WholeSite.OpenAsync();
        using var folder = new TempFolder();
        var clock = folder.File("clock");
        await File.WriteAllTextAsync(clock, "+0", Token);
        var entry = await site.CopyingAsync(Tracks, ItemsATrack);
        await site.StopAsync();
        Assert.False((await site.Read.EntryAsync(entry, Token))!.Finalised, "the copy was over before the clock stepped");
        var planned = await site.Read.MaterialCopyAsync(entry, Token);

        var change = TimeProvider.System.GetUtcNow().AddSeconds(hours is null ? 0 : 6);
        await using var process = site.StartIn(
            new Dictionary<string, string>
            {
                ["LD_PRELOAD"] = Library(),
                ["FAKETIME_TIMESTAMP_FILE"] = clock,
                ["FAKETIME_CACHE_DURATION"] = "1",
                ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
                ["TZ"] = hours is null ? "UTC" : Zone(folder, change, hours.Value.Before, hours.Value.After),
            },
            "--Failback:Copy:SliceSeconds=20",
            "--Failback:Copy:MaxBytesPerSecond=8000"
        );
        await Eventually.True(
            "it copies",
            async () => process.HasExited || (TimeProvider.System.GetUtcNow() > change && await VerifiedAsync(site, entry) > 100),
            Patience
        );
        await File.WriteAllTextAsync(clock, step.TotalSeconds.ToString("+0;-0", CultureInfo.InvariantCulture), Token);
        var atTheStep = await VerifiedAsync(site, entry);
        await Eventually.True(
            "the copy is over",
            async () => process.HasExited || await site.Read.EntryAsync(entry, Token) is { Finalised: true, Hold: "Released" },
            ToItsEnd
        );
        Assert.False(process.HasExited, process.Output);

        var last = (await site.Read.ChangesSinceAsync(0, 1_000, Token))[^1];
        var ahead = last.At - TimeProvider.System.GetUtcNow();
        Assert.InRange(ahead - step, -Patience, Patience);

        var all = Tracks.Length * ItemsATrack;
        Assert.InRange(atTheStep, 1, all - 1);
        using var source = Footage.Of(site["failover-1"].Address);
        using var target = Footage.Of(site["recorder-1"].Address);
        var items = await source.ItemsAsync("recorder-1");
        Assert.Equal(all, items.Count);
        Assert.Equal(all, (await target.ItemsAsync("recorder-1")).Count);
        Assert.Equal(all, await source.IdenticalAtAsync(target, items));
        var copy = await site.Read.MaterialCopyAsync(entry, Token);
        Assert.Equal(all, copy!.ChannelCopies.Sum(x => x.Verified));
        if (planned is { ChannelCopies.Count: > 0 })
            Assert.Equal(planned.ChannelCopies.Select(x => (x.From, x.To)), copy.ChannelCopies.Select(x => (x.From, x.To)));
        Figures.Say(
            $"the {(hours is null ? "" : "local ")}clock stepped at {atTheStep} of {all} items: 0 lost, {watch.Elapsed.TotalSeconds:0.0} s"
        );
    }

    private static async Task<long> VerifiedAsync(WholeSite site, Guid entry) =>
        (await site.Read.MaterialCopyAsync(entry, Token))?.ChannelCopies.Sum(x => x.Verified) ?? 0;

    /// <summary>A compiled time zone (RFC 8536, version 1) with one change.</summary>
    private static string Zone(TempFolder folder, DateTimeOffset change, int hoursBefore, int hoursAfter)
    {
        using var bytes = new MemoryStream();
        void Number(int value) => bytes.Write([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value]);
        bytes.Write("TZif\0"u8);
        bytes.Write(new byte[15]);
        // Indicators of UT and of standard time, leap seconds, changes, kinds of time, characters of names.
        foreach (var count in new[] { 0, 0, 0, 1, 2, 8 })
            Number(count);
        Number((int)change.ToUnixTimeSeconds());
        bytes.WriteByte(1);
        foreach (var (hours, name) in new[] { (hoursBefore, 0), (hoursAfter, 4) })
        {
            Number(hours * 3_600);
            bytes.Write([(byte)(hours > Math.Min(hoursBefore, hoursAfter) ? 1 : 0), (byte)name]);
        }
        bytes.Write("BEF\0AFT\0"u8);
        var file = folder.File("zone");
        File.WriteAllBytes(file, bytes.ToArray());
        return file;
    }

    /// <summary>Debian's package faketime.</summary>
    private static string Library() =>
        Directory
            .EnumerateDirectories("/usr/lib", "*-linux-gnu*")
            .Select(x => Path.Combine(x, "faketime", "libfaketimeMT.so.1"))
            .First(File.Exists);
}
