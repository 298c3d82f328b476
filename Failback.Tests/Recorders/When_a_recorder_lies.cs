using System.Net;
using System.Text;
using Failback.Recorders;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Tests;

/// <summary>A machine that answers as it likes: nothing it says is believed, and nothing it says is an unforeseen failure.</summary>
[Covers("E10", "F4", "F5", "F7", "T12", "T13", "T15", "T16", "I17")]
public sealed class When_a_recorder_lies
{
    private const string Id = "recorder-1";
    private static readonly Track Camera = new("origin", TrackKind.Video, "camera 1");
    private static readonly ItemEntry First = Items.EntryOf(Items.Noon, "a"u8.ToArray());
    private static readonly ItemEntry Second = Items.EntryOf(Items.Noon.AddSeconds(10), "b"u8.ToArray());

    public static TheoryData<string> Pages =>
        [
            "more than asked",
            "out of order",
            "twice",
            "outside of the period",
            "negative length",
            "negative duration",
            "huge length",
            "no instant",
            "empty but not the last",
            "a cursor that leads nowhere",
            "a count that is not there",
            "cut",
            "nothing",
            "noise",
        ];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task a_page_that_cannot_be_is_a_bad_answer(string lie)
    {
        await using var liar = await LiarAsync(x => x.Response.Body.WriteAsync(PageOf(lie)).AsTask());
        await BadAnswerAsync(liar, x => x.ListItemsAsync(Day, "here", 2, Token));
    }

    [Theory]
    [InlineData("{\"recorderId\":\"recorder-1\"}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"recorderId\":\"recorder-1\",\"name\":null}")]
    [InlineData("not json")]
    public async Task a_status_that_cannot_be_is_a_bad_answer(string json)
    {
        await using var liar = await LiarAsync(x => x.Response.WriteAsync(json, Token));
        await BadAnswerAsync(liar, x => x.GetStatusAsync(Token));
    }

    [Theory]
    [InlineData("""[{"trackId":"","name":"x","number":1,"kinds":[]}]""")]
    [InlineData("""[{"trackId":"a","name":"x","number":1,"kinds":["Smell"]}]""")]
    [InlineData("""[{"trackId":"a","name":"x","number":1,"kinds":[]},{"trackId":"a","name":"y","number":2,"kinds":[]}]""")]
    [InlineData("""[null]""")]
    public async Task channels_that_cannot_be_are_a_bad_answer(string json)
    {
        await using var liar = await LiarAsync(x => x.Response.WriteAsync(json, Token));
        await BadAnswerAsync(liar, x => x.ListChannelsAsync("origin", Token));
    }

    [Fact]
    public async Task settings_with_another_digest_than_they_came_with_are_a_bad_answer()
    {
        await using var liar = await LiarAsync(async x =>
        {
            x.Response.Headers.ETag = $"\"{new string('0', 64)}\"";
            await x.Response.WriteAsync("{}", Token);
        });
        await BadAnswerAsync(liar, x => x.GetSettingsAsync(Token));
    }

    [Fact]
    public async Task a_receipt_for_fewer_items_than_were_sent_is_a_bad_answer()
    {
        await using var liar = await LiarAsync(async x =>
        {
            await x.Request.Body.CopyToAsync(Stream.Null, Token);
            await x.Response.Body.WriteAsync(Frames.Receipts([new ItemReceipt(First, WriteResult.Created)]), Token);
        });
        var items = Items.Of([Items.Item(Items.Noon, "a"), Items.Item(Items.Noon.AddSeconds(10), "b")]);
        await BadAnswerAsync(liar, x => x.WriteItemsAsync(Camera, items, Token));
    }

    [Fact]
    public async Task an_item_that_was_not_asked_for_or_that_nothing_ends_is_a_bad_answer()
    {
        await using var liar = await LiarAsync(x => x.Response.Body.WriteAsync(FrameOf(First, "a")).AsTask());
        await BadAnswerAsync(liar, x => ReadAllAsync(x, [Second]));
        await BadAnswerAsync(liar, x => ReadAllAsync(x, [First]));
    }

    [Fact]
    public async Task a_redirect_is_not_followed()
    {
        await using var liar = await LiarAsync(x =>
        {
            x.Response.StatusCode = 307;
            x.Response.Headers.Location = "http://169.254.169.254/latest/meta-data";
            return Task.CompletedTask;
        });
        await BadAnswerAsync(liar, x => x.GetStatusAsync(Token));
    }

    [Fact]
    public async Task an_answer_that_names_nobody_is_a_bad_answer()
    {
        await using var liar = await LiarAsync(x =>
        {
            x.Response.Headers.Remove("Failback-Recorder");
            return x.Response.WriteAsync("{}", Token);
        });
        await BadAnswerAsync(liar, x => x.GetStatusAsync(Token));
    }

    [Fact]
    public async Task another_recorder_gets_neither_secret_nor_settings()
    {
        await using var liar = await LiarAsync(_ => Task.CompletedTask, identity: "recorder-2");
        await WrongIdentityAsync(liar);
    }

    [Fact]
    public async Task a_recorder_that_does_not_know_the_secret_does_not_get_it()
    {
        await using var liar = await LiarAsync(_ => Task.CompletedTask, identity: Id);
        await WrongIdentityAsync(liar);
    }

    [Fact]
    public async Task words_of_another_machine_are_cut_and_cleaned_before_they_are_told()
    {
        await using var liar = await LiarAsync(x =>
        {
            x.Response.StatusCode = 400;
            x.Response.ContentType = "application/problem+json";
            var detail = "line\\r\\nfake log line \\u001b[31m\\u202e" + new string('x', 5_000);
            return x.Response.WriteAsync($$"""{"fault":"BadRequest","detail":"{{detail}}"}""", Token);
        });
        var thrown = await Assert.ThrowsAsync<RecorderException>(() => liar.Recorder().GetStatusAsync(Token));
        Assert.Equal(RecorderFault.BadRequest, thrown.Fault);
        Assert.True(thrown.Message.Length < 500);
        Assert.DoesNotContain(thrown.Message, x => char.IsControl(x) || x == '\u202e');
    }

    [Theory]
    [InlineData(401, RecorderFault.Forbidden)]
    [InlineData(403, RecorderFault.Forbidden)]
    [InlineData(404, RecorderFault.BadAnswer)]
    [InlineData(413, RecorderFault.BadRequest)]
    [InlineData(429, RecorderFault.Busy)]
    [InlineData(500, RecorderFault.Unreachable)]
    [InlineData(501, RecorderFault.NotSupported)]
    [InlineData(502, RecorderFault.Unreachable)]
    [InlineData(503, RecorderFault.Busy)]
    [InlineData(507, RecorderFault.Full)]
    public async Task a_status_without_a_word_is_a_fault(int status, RecorderFault expected)
    {
        await using var liar = await LiarAsync(x =>
        {
            x.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        Assert.Equal(expected, (await Assert.ThrowsAsync<RecorderException>(() => liar.Recorder().GetStatusAsync(Token))).Fault);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static TrackPeriod Day => new(Camera, Items.Noon.AddDays(-1), Items.Noon.AddDays(1));

    private static async Task BadAnswerAsync(Liar liar, Func<IRecorder, Task> ask)
    {
        var thrown = await Assert.ThrowsAsync<RecorderException>(() => ask(liar.Recorder()));
        Assert.True(thrown.Fault == RecorderFault.BadAnswer, thrown.Message);
    }

    private static async Task WrongIdentityAsync(Liar liar)
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("secrets.json"), """{"recorder-1":"canary-secret"}""", Token);
        var settings = new RecorderSettings("canary-settings"u8.ToArray());
        var recorder = liar.Recorder(folder.File("secrets.json"));
        var thrown = await Assert.ThrowsAsync<RecorderException>(() =>
            recorder.PutSettingsAsync(settings, new RestoreAttempt(Guid.NewGuid(), 1), Token)
        );
        Assert.Equal(RecorderFault.WrongIdentity, thrown.Fault);
        Assert.DoesNotContain("canary", liar.Received);
        Assert.DoesNotContain("canary", thrown.ToString());
    }

    private static async Task ReadAllAsync(IRecorder recorder, IReadOnlyList<ItemEntry> items)
    {
        await foreach (var item in recorder.ReadItemsAsync(Camera, items, Token))
            await item.Content.CopyToAsync(Stream.Null, Token);
    }

    private static byte[] FrameOf(ItemEntry entry, string content)
    {
        var header = new byte[Frames.HeaderBytes(entry)];
        Frames.WriteHeader(header, entry);
        return [.. header, .. Encoding.UTF8.GetBytes(content)];
    }

    private static byte[] PageOf(string lie)
    {
        var good = Frames.Page(new ItemPage([First, Second], null)).ToBytes();
        return lie switch
        {
            "more than asked" => Frames
                .Page(new ItemPage([First, Second, Items.EntryOf(Items.Noon.AddSeconds(20), "c"u8.ToArray())], null))
                .ToBytes(),
            "out of order" => Frames.Page(new ItemPage([Second, First], null)).ToBytes(),
            "twice" => Frames.Page(new ItemPage([First, First], null)).ToBytes(),
            "outside of the period" => Frames.Page(new ItemPage([First with { Start = Items.Noon.AddDays(1) }], null)).ToBytes(),
            "negative length" => Frames.Page(new ItemPage([First with { Length = -1 }], null)).ToBytes(),
            "negative duration" => Frames.Page(new ItemPage([First with { Duration = TimeSpan.FromTicks(-1) }], null)).ToBytes(),
            "huge length" => Frames.Page(new ItemPage([First with { Length = long.MaxValue }], null)).ToBytes(),
            "no instant" => [.. good[..8], .. Enumerable.Repeat((byte)0xFF, 8), .. good[16..]],
            "empty but not the last" => Frames.Page(new ItemPage([], "next")).ToBytes(),
            "a cursor that leads nowhere" => Frames.Page(new ItemPage([First], "here")).ToBytes(),
            "a count that is not there" => [.. good[..4], 255, 255, 255, 127, .. good[8..]],
            "cut" => good[..^5],
            "nothing" => [],
            _ => [.. Enumerable.Range(0, 1000).Select(x => (byte)(x * 31))],
        };
    }

    private static async Task<Liar> LiarAsync(RequestDelegate answer, string identity = Id)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(x => x.Listen(IPAddress.Loopback, 0));
        var liar = new Liar(builder.Build());
        liar.App.Run(async context =>
        {
            liar.Hear(context.Request);
            context.Response.Headers["Failback-Recorder"] = identity;
            if (context.Request.Path == "/v1/identity")
                await context.Response.WriteAsync($$"""{"recorderId":"{{identity}}","proof":"{{new string('0', 64)}}"}""", Token);
            else
                await answer(context);
        });
        await liar.App.StartAsync(Token);
        return liar;
    }

    private sealed class Liar(WebApplication app) : IAsyncDisposable
    {
        private readonly List<RecorderRegistry> registries = [];
        private string received = "";

        public WebApplication App => app;

        /// <summary>Headers of all requests so far.</summary>
        public string Received => received;

        public void Hear(HttpRequest request) => received += string.Join('\n', request.Headers.Select(x => $"{x.Key}: {x.Value}"));

        public IRecorder Recorder(string? secretsFile = null)
        {
            var registry = new RecorderRegistry(new RecordersOptions { SecretsFile = secretsFile }, TimeProvider.System);
            registries.Add(registry);
            return registry.Open(Id, app.Urls.First());
        }

        public ValueTask DisposeAsync()
        {
            registries.ForEach(x => x.Dispose());
            return app.DisposeAsync();
        }
    }
}
