using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Failback.Messages;
using Failback.Recorders;

namespace Failback.Tests;

/// <summary>
/// An hour of H.264 and AAC of eight cameras, made by ffmpeg, whose resolution and sample rate change in the middle: all of it comes home byte
/// for byte, and a program that knows nothing of us plays it with as many packets as were made.
/// </summary>
[Covers("R34", "R37", "D7", "T25", "I1", "I2")]
public sealed class Real_recordings_come_home : IDisposable
{
    private const int Cameras = 8;
    private const int SegmentSeconds = 10;
    private const int SegmentsAnHour = 3_600 / SegmentSeconds;
    private const int Half = SegmentsAnHour / 2;
    private readonly TempFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task byte_for_byte_and_they_play()
    {
        var video = (
            await EncodeAsync("video-1", "testsrc2=size=640x360:rate=25", "-c:v libx264 -preset ultrafast -b:v 80k -g 250 -sc_threshold 0"),
            await EncodeAsync("video-2", "testsrc2=size=320x240:rate=25", "-c:v libx264 -preset ultrafast -b:v 50k -g 250 -sc_threshold 0")
        );
        var audio = (
            await EncodeAsync("audio-1", "sine=frequency=440:sample_rate=48000", "-c:a aac -b:a 24k"),
            await EncodeAsync("audio-2", "sine=frequency=660:sample_rate=44100", "-c:a aac -b:a 16k")
        );
        await using var site = await WholeSite.OpenAsync();
        var now = TimeProvider.System.GetUtcNow();
        var start = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond)).AddSeconds(-3_700);
        site["recorder-1"].Recorder.SetRole(LiveRole.Broken, recording: false);
        var entry = await site.FailOverAsync("failover-1", start);
        var watch = Stopwatch.StartNew();
        for (var camera = 1; camera <= Cameras; camera++)
        {
            await RecordAsync(site, TrackKind.Video, camera, start, video);
            await RecordAsync(site, TrackKind.Audio, camera, start, audio);
        }
        var recorded = watch.Elapsed;
        await site.AskAsync(entry);
        await Eventually.Get(
            "the copy ended",
            () => site.Read.EntryAsync(entry, Token),
            x => x is { MaterialCopy: MaterialCopyStatus.Succeeded },
            TimeSpan.FromMinutes(3)
        );
        var copied = watch.Elapsed - recorded;

        using var source = Footage.Of(site["failover-1"].Address);
        using var target = Footage.Of(site["recorder-1"].Address);
        var items = await source.ItemsAsync("recorder-1");
        Assert.Equal(Cameras * 2 * SegmentsAnHour, items.Count);
        Assert.Equal(items.Count, await source.IdenticalAtAsync(target, items));
        foreach (var camera in new[] { 1, Cameras })
        {
            Assert.Equal(
                ["h264,640,360,45000", "h264,320,240,45000"],
                await PlayedAsync(site, TrackKind.Video, camera, start, "width,height")
            );
            Assert.Equal(
                [$"aac,48000,{audio.Item1.Packets * 30}", $"aac,44100,{audio.Item2.Packets * 30}"],
                await PlayedAsync(site, TrackKind.Audio, camera, start, "sample_rate")
            );
        }
        Figures.Say(
            $"{Cameras} hours of H.264 and AAC in {items.Count} segments, {items.Sum(x => x.Length) / 1e6:0} MB: all equal, and they play; copied in {copied.TotalSeconds:0.0} s"
        );
    }

    public void Dispose() => folder.Dispose();

    /// <summary>A minute in segments of ten seconds; what comes before them says how to play them.</summary>
    private async Task<Clip> EncodeAsync(string name, string what, string how)
    {
        var place = Directory.CreateDirectory(folder.File(name)).FullName;
        await RunAsync(
            "ffmpeg",
            place,
            $"-v error -f lavfi -i {what} -t 60 {how} -f hls -hls_time {SegmentSeconds} -hls_list_size 0 -hls_segment_type fmp4 -hls_fmp4_init_filename init.mp4 -hls_segment_filename %d.m4s list.m3u8"
        );
        var segments = Enumerable.Range(0, 6).Select(x => File.ReadAllBytes(Path.Combine(place, $"{x}.m4s"))).ToList();
        var clip = new Clip(File.ReadAllBytes(Path.Combine(place, "init.mp4")), segments, 0);
        var file = Path.Combine(place, "all.mp4");
        await File.WriteAllBytesAsync(file, [.. clip.Beginning, .. segments.SelectMany(x => x)], Token);
        return clip with { Packets = int.Parse((await ProbeAsync(file, "codec_type")).Split(',')[^1]) };
    }

    private static Task<IReadOnlyList<ItemEntry>> RecordAsync(
        WholeSite site,
        TrackKind kind,
        int camera,
        DateTimeOffset start,
        (Clip First, Clip Second) clips
    ) =>
        site["failover-1"]
            .Recorder.RecordAsync(
                new Track("recorder-1", kind, $"camera {camera}"),
                Enumerable
                    .Range(0, SegmentsAnHour)
                    .Select(x => new RecordedItem(
                        start.AddSeconds(SegmentSeconds * x),
                        TimeSpan.FromSeconds(SegmentSeconds),
                        Segment(x < Half ? clips.First : clips.Second, x % Half, camera, x)
                    )),
                Token
            );

    /// <summary>No two segments are the same bytes: each ends with a free box of its own, which players pass over.</summary>
    private static byte[] Segment(Clip clip, int index, int camera, int number)
    {
        var free = new byte[16];
        BinaryPrimitives.WriteInt32BigEndian(free, free.Length);
        Encoding.ASCII.GetBytes("free", free.AsSpan(4));
        BinaryPrimitives.WriteInt32BigEndian(free.AsSpan(8), camera);
        BinaryPrimitives.WriteInt32BigEndian(free.AsSpan(12), number);
        return [.. index == 0 ? clip.Beginning : [], .. clip.Segments[index % clip.Segments.Count], .. free];
    }

    /// <summary>Both halves of what came home, as ffprobe counts them; the first minute of each is decoded, too.</summary>
    private async Task<IReadOnlyList<string>> PlayedAsync(WholeSite site, TrackKind kind, int camera, DateTimeOffset start, string shown)
    {
        var played = new List<string>();
        foreach (var from in new[] { start, start.AddMinutes(30) })
        {
            var (all, minute) = (folder.File("all.mp4"), folder.File("minute.mp4"));
            await WriteAsync(site, kind, camera, from, TimeSpan.FromMinutes(30), all);
            played.Add(await ProbeAsync(all, "codec_name," + shown));
            await WriteAsync(site, kind, camera, from, TimeSpan.FromMinutes(1), minute);
            await RunAsync("ffmpeg", folder.Path, $"-v error -xerror -i {minute} -f null -");
        }
        return played;
    }

    private static async Task WriteAsync(WholeSite site, TrackKind kind, int camera, DateTimeOffset from, TimeSpan length, string file)
    {
        var recorder = site["recorder-1"].Recorder;
        var track = new Track("recorder-1", kind, $"camera {camera}");
        var page = await recorder.ListItemsAsync(new TrackPeriod(track, from, from + length), null, 1_000, Token);
        await using var whole = File.Create(file);
        await foreach (var item in recorder.ReadItemsAsync(track, page.Items, Token))
            await item.Content.CopyToAsync(whole, Token);
    }

    /// <summary>Of the first stream: what was asked for, and its packets.</summary>
    private async Task<string> ProbeAsync(string file, string shown) =>
        (
            await RunAsync(
                "ffprobe",
                folder.Path,
                $"-v error -count_packets -show_entries stream={shown},nb_read_packets -of csv=p=0 {file}"
            )
        ).Trim();

    private static async Task<string> RunAsync(string program, string place, string arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = place,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var errors = process.StandardError.ReadToEndAsync(Token);
        var said = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return process.ExitCode == 0 && (await errors).Length == 0
            ? said
            : throw new InvalidOperationException($"{program} {arguments} ended with {process.ExitCode}: {await errors}");
    }

    private sealed record Clip(byte[] Beginning, IReadOnlyList<byte[]> Segments, int Packets);
}
