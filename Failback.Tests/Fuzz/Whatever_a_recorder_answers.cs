using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Failback.Recorders;
using Microsoft.Extensions.Time.Testing;

namespace Failback.Tests;

/// <summary>
/// Answers of a recorder, mutated: body, length, status, headers and identity. What comes is the right value or a fault of the recorder;
/// never another exception, never more memory than the bounds, and never bytes taken for an item that they are not.
/// </summary>
[Covers("F4", "F5", "T15", "T16", "I17")]
public sealed class Whatever_a_recorder_answers : IDisposable
{
    private const string Id = "recorder-1";
    private static readonly DateTimeOffset Noon = Items.Noon;
    private static readonly Track Camera = new("origin", TrackKind.Video, "camera å 1");
    private static readonly TrackPeriod Day = new(Camera, Noon, Noon.AddDays(1));
    private static readonly byte[][] Contents =
    [
        .. Enumerable.Range(0, 4).Select(x => Encoding.UTF8.GetBytes($"content {x} {new string('v', 40 * x)}")),
    ];
    private static readonly ItemEntry[] Listed = [.. Contents.Select((x, i) => Items.EntryOf(Noon.AddSeconds(10 * i), x))];

    private readonly TempFolder folder = new();
    private readonly RecorderCredentials credentials;

    public Whatever_a_recorder_answers()
    {
        File.WriteAllText(folder.File("secrets.json"), $$"""{"{{Id}}":"{{FuzzRun.Canary}}"}""");
        credentials = new RecorderCredentials(folder.File("secrets.json"));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task is_right_or_a_fault_and_wrong_bytes_are_never_taken_for_right()
    {
        var run = new FuzzRun("answers of a recorder", Programme.Pick(25_000, 300_000))
        {
            Kept = FuzzCases.Answers,
            MostBytesEach = 4 << 20,
        };
        await run.RunAsync(Made, FeedAsync);
        Assert.True(run.Count("right") > 0, "no answer was right: the mutations say nothing");
        Figures.Say(run.ToString());
    }

    [Fact]
    public async Task frames_of_any_bytes_are_read_in_bounds_or_refused()
    {
        var run = new FuzzRun("frames", Programme.Pick(25_000, 300_000)) { MostBytesEach = 2 << 20 };
        await run.RunAsync(
            random =>
                [
                    (byte)random.Next(4),
                    .. random.Next(10) == 0 ? Mutator.Noise(random, random.Next(200)) : Mutator.Bytes(AnyShape(random), random),
                ],
            ReadAsync
        );
        Figures.Say(run.ToString());
    }

    /// <summary>First byte: what is asked. Second: how the head is wrong. The rest: the body.</summary>
    private static byte[] Made(Random random)
    {
        var (asked, head) = (random.Next(10), random.Next(3) > 0 ? 0 : random.Next(1, 256));
        var body = Body(asked);
        if (random.Next(20) > 0)
            body = asked is >= 4 and <= 6 ? Mutator.Bytes(body, random) : Mutator.Json(Encoding.UTF8.GetString(body), random);
        return [(byte)asked, (byte)head, .. body];
    }

    private static byte[] Body(int asked) =>
        asked switch
        {
            0 => Json(Status()),
            1 => Settings,
            2 => Json(new[] { new Channel("camera å 1", "Etupiha", 1, [TrackKind.Video]), new Channel("2", "2", 2, [TrackKind.Audio]) }),
            3 => Json(new[] { new Hold(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), "origin", Noon, Noon.AddDays(1)) }),
            4 => Frames.Page(new ItemPage(Listed, "next")).ToBytes(),
            5 => Framed(Listed, Contents),
            6 => Frames.Receipts([.. Listed.Select(x => new ItemReceipt(x, WriteResult.Created))]),
            7 => Json(new WireDigest(new string('a', 64))),
            9 => Json(new[] { new BucketDigest(3, 100, 1, new string('a', 32)), new BucketDigest(0, 0, 0, new string('b', 32)) }),
            _ => Json(new CopiedPage([Span(Noon), Span(Noon.AddHours(1))], "next")),
        };

    private static CopiedSpan Span(DateTimeOffset from) =>
        new(from, from.AddMinutes(1), 6, 1_000, "fo-1", Guid.NewGuid(), from.AddDays(1), new string('a', 32));

    private async ValueTask<FuzzOutcome> FeedAsync(byte[] input)
    {
        var (asked, head, body) = (input[0] % 10, input[1], input[2..]);
        using var transport = new HttpMessageInvoker(new SpoiltAnswers(Id, head, body));
        var (address, stall) = (new Uri("http://127.0.0.1:1"), TimeSpan.FromSeconds(10));
        var exchange = new HttpExchange(Id, address, transport, credentials, stall, new FakeTimeProvider());
        try
        {
            await AskAsync(new HttpRecorder(exchange), asked, body);
            return new FuzzOutcome("right");
        }
        catch (RecorderException fault)
        {
            Assert.True(Enum.IsDefined(fault.Fault));
            Assert.True(fault.Message.Length <= 1_000 && !fault.Message.Any(char.IsControl), fault.Message);
            return new FuzzOutcome($"fault: {fault.Fault}", fault.Message);
        }
    }

    private static async Task AskAsync(HttpRecorder recorder, int asked, byte[] body)
    {
        var none = CancellationToken.None;
        switch (asked)
        {
            case 0:
                Assert.Equal(Id, (await recorder.GetStatusAsync(none)).RecorderId);
                break;
            case 1:
                Assert.Equal(body, (await recorder.GetSettingsAsync(none))?.Bytes.ToArray() ?? body);
                break;
            case 2:
                Assert.All(await recorder.ListChannelsAsync("origin", none), x => Assert.Null(Rules.WhyWrong(x)));
                break;
            case 3:
                Assert.All(await recorder.ListHoldsAsync(none), x => Assert.Null(Rules.WhyWrong(x)));
                break;
            case 4:
                var page = await recorder.ListItemsAsync(Day, null, 100, none);
                Assert.All(page.Items, x => Assert.True(Rules.WhyWrong(x) is null && Day.Meets(x.Start, x.End)));
                break;
            case 5:
                await foreach (var item in recorder.ReadItemsAsync(Camera, Listed, none))
                    await LookAsync(item);
                break;
            case 6:
                var receipts = await recorder.WriteItemsAsync(
                    Camera,
                    Items.Of(Listed.Zip(Contents, (x, y) => new ItemContent(x, new MemoryStream(y)))),
                    none
                );
                Assert.Equal(Listed.Length, receipts.Count);
                break;
            case 8:
                Assert.All((await recorder.ListCopiedAsync(Day, null, 100, none)).Spans, x => Assert.Null(Rules.WhyWrong(x)));
                break;
            case 9:
                Assert.All(await recorder.DigestItemsAsync(Day, 2, none), x => Assert.Null(Rules.WhyWrong(x)));
                break;
            default:
                var digest = await recorder.PutSettingsAsync(new RecorderSettings(Settings), new RestoreAttempt(Guid.NewGuid(), 1), none);
                Assert.Equal(64, digest.Length);
                break;
        }
    }

    /// <summary>An item was asked for and has its length; whoever takes it compares the digest, so wrong bytes show.</summary>
    private static async Task LookAsync(ItemContent item)
    {
        var asked = Array.FindIndex(Listed, x => x.Start == item.Entry.Start && x.Digest == item.Entry.Digest);
        Assert.True(asked >= 0, "an item that was not asked for");
        var bytes = new MemoryStream();
        await item.Content.CopyToAsync(bytes);
        Assert.Equal(Listed[asked].Length, bytes.Length);
        var digestIsRight = Convert.ToHexStringLower(XxHash128.Hash(bytes.ToArray())) == item.Entry.Digest;
        Assert.Equal(bytes.ToArray().AsSpan().SequenceEqual(Contents[asked]), digestIsRight);
    }

    private static byte[] AnyShape(Random random) =>
        random.Next(4) switch
        {
            0 => Frames.Page(new ItemPage(Listed, "next")).ToBytes(),
            1 => Framed([.. Listed.Select(x => x with { EntryId = Guid.NewGuid() })], Contents),
            2 => Frames.Wanted(Camera, Listed).ToBytes(),
            _ => Frames.Receipts([.. Listed.Select(x => new ItemReceipt(x, WriteResult.Created))]),
        };

    private static async ValueTask<FuzzOutcome> ReadAsync(byte[] input)
    {
        using var reader = new FrameReader(new MemoryStream(input, 1, input.Length - 1));
        try
        {
            switch (input[0])
            {
                case 0:
                    Assert.All((await reader.ReadPageAsync(5_000, default)).Items, x => Assert.Null(Rules.WhyWrong(x)));
                    break;
                case 1:
                    for (var count = 0; await reader.ReadHeaderAsync(count, default) is { } entry; count++)
                        await reader.SkipAsync(entry.Length, default);
                    break;
                case 2:
                    Assert.Null(Rules.WhyWrong(await reader.ReadTrackAsync(default)));
                    Assert.True((await reader.ReadWantedAsync(default)).Count <= Limits.ItemsPerRequest);
                    break;
                default:
                    Assert.Equal(Listed.Length, (await reader.ReadReceiptsAsync(Listed, default)).Count);
                    break;
            }
            return new FuzzOutcome("read");
        }
        catch (WireException broken)
        {
            return new FuzzOutcome("refused", broken.Message);
        }
    }

    private static byte[] Framed(ItemEntry[] entries, byte[][] contents)
    {
        var (bytes, at) = (new byte[entries.Sum(x => Frames.HeaderBytes(x) + (int)x.Length) + Frames.EndBytes], 0);
        for (var i = 0; i < entries.Length; i++)
        {
            at += Frames.WriteHeader(bytes.AsSpan(at), entries[i]);
            contents[i].CopyTo(bytes, at);
            at += contents[i].Length;
        }
        Frames.WriteEnd(bytes.AsSpan(at), entries.Length);
        return bytes;
    }

    private static readonly byte[] Settings = """{"format":"f","softwareVersion":"1.0","password":"x"}"""u8.ToArray();

    private static byte[] Json<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Wire.Json);

    private static WireStatus Status() =>
        new(
            Id,
            "Etupiha",
            LiveRole.Recorder,
            true,
            Noon,
            "1.2.3",
            "f",
            ["D"],
            ["onvif"],
            ["Holds"],
            new RestoreAttempt(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), 1),
            5
        );
}
