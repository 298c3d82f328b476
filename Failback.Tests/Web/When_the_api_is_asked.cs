using System.Net;
using System.Text;
using Failback.Messages;
using Failback.Saga;
using Failback.Web;

namespace Failback.Tests;

[Covers("D14", "T15", "T16")]
public sealed class When_the_api_is_asked
{
    [Fact]
    public async Task what_is_wanted_reaches_the_saga_once_with_key_and_asker()
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.Named("anna", "all");
        var key = Guid.NewGuid();
        using var answer = await client.AskAsync(WebSite.Post($"/api/log/{ScriptedDoors.Entry}/failback", null, $"\"{key}\""));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal($"/api/requests/{key}", answer.Headers.Location!.ToString());
        var asked = Assert.Single(site.Doors.AskedFor);
        Assert.Equal(("manual-failback-requested", key, "anna"), (asked.Message, asked.Key, asked.Asker.Name));
        Assert.Equal(["all"], asked.Asker.Roles);
        Assert.Equal($$"""{"entryId":"{{ScriptedDoors.Entry}}","failedRecorderId":"r1"}""", asked.Json);
        using var became = await client.LookAsync(answer.Headers.Location.ToString());
        Assert.Equal("Pending", (await became.JsonAsync()).GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task bodies_and_paths_become_one_message()
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.As("all");
        var (entry, copy) = (ScriptedDoors.Entry, ScriptedDoors.Copy);
        await client.AskAsync(WebSite.Post($"/api/log/{entry}/copy", """{"order":"EvidenceFirst"}"""));
        await client.AskAsync(WebSite.Post($"/api/log/{entry}/cancel-failback"));
        await client.AskAsync(WebSite.Post($"/api/copies/{copy}/pause"));
        await client.AskAsync(WebSite.Post($"/api/copies/{copy}/fetch", $$"""{"trackId":"c1","materialCopyId":"{{copy}}"}"""));
        await client.AskAsync(WebSite.Post("/api/limits", """{"recorderId":"r1","channelsAtOnce":2}"""));
        await client.AskAsync(WebSite.Post("/api/controller/recorder-reconnected", """{"recorderId":"r1"}"""));
        Assert.Equal(
            [
                $$"""start-data-copy {"order":"EvidenceFirst","entryId":"{{entry}}"}""",
                """cancel-failback {"failedRecorderId":"r1"}""",
                $$"""pause-material-copy {"materialCopyId":"{{copy}}"}""",
                $$"""fetch-period-now {"trackId":"c1","materialCopyId":"{{copy}}"}""",
                """set-copy-limits {"recorderId":"r1","channelsAtOnce":2}""",
                """recorder-reconnected {"recorderId":"r1"}""",
            ],
            site.Doors.AskedFor.Select(x => $"{x.Message} {x.Json}")
        );
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("17")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    public async Task without_a_good_key_nothing_is_asked(string? key)
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.As("all");
        using var request = WebSite.Post($"/api/copies/{ScriptedDoors.Copy}/pause");
        request.Headers.Remove(Asking.KeyHeader);
        if (key is not null)
            request.Headers.TryAddWithoutValidation(Asking.KeyHeader, key);
        var problem = await (await client.AskAsync(request)).ProblemAsync(ProblemKind.Invalid);
        Assert.Equal("Idempotency-Key", problem.GetProperty("field").GetString());
        Assert.Empty(site.Doors.AskedFor);
    }

    [Theory]
    [InlineData(AskOutcome.Repeated, null)]
    [InlineData(AskOutcome.KeyReused, nameof(ProblemKind.KeyReused))]
    [InlineData(AskOutcome.Invalid, nameof(ProblemKind.Invalid))]
    [InlineData(AskOutcome.Forbidden, nameof(ProblemKind.Forbidden))]
    [InlineData(AskOutcome.NotFound, nameof(ProblemKind.NotFound))]
    public async Task what_the_saga_says_at_once_is_said_in_http(AskOutcome outcome, string? problem)
    {
        await using var site = await WebSite.StartAsync();
        site.Doors.Answers = key => new Asked(outcome, key, FailbackReason.Forbidden, "Hours", "hours of the week");
        using var client = site.As("all");
        using var answer = await client.AskAsync(WebSite.Post("/api/limits", """{"hours":"x"}"""));
        if (problem is null)
        {
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            return;
        }
        var said = await answer.ProblemAsync(Enum.Parse<ProblemKind>(problem));
        Assert.Equal("Forbidden", said.GetProperty("reason").GetString());
        Assert.Equal("hours of the week", said.GetProperty("allowed").GetString());
    }

    [Theory]
    [InlineData("""{"materialCopyId":"33333333-0000-0000-0000-000000000001"}""", "materialCopyId")]
    [InlineData("""{"MaterialCopyId":7}""", "materialCopyId")]
    [InlineData("[]", null)]
    [InlineData("{", null)]
    [InlineData("""{"a":1,"a":2}""", null)]
    [InlineData("""{"a":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}""", null)]
    public async Task a_body_that_is_none_is_refused(string body, string? field)
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.As("all");
        var problem = await (await client.AskAsync(WebSite.Post($"/api/copies/{ScriptedDoors.Copy}/fetch", body))).ProblemAsync(
            ProblemKind.Invalid
        );
        Assert.Equal(field, problem.TryGetProperty("field", out var said) ? said.GetString() : null);
        Assert.Empty(site.Doors.AskedFor);
    }

    [Fact]
    public async Task a_body_is_json_of_at_most_64_KiB()
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.As("all");
        string Long(int bytes) => "{\"hours\":\"" + new string('x', bytes - 12) + "\"}";
        using var fits = await client.AskAsync(WebSite.Post("/api/limits", Long(64 << 10)));
        Assert.Equal(HttpStatusCode.Accepted, fits.StatusCode);
        await (await client.AskAsync(WebSite.Post("/api/limits", Long((64 << 10) + 1)))).ProblemAsync(ProblemKind.TooLarge);
        using var chunked = WebSite.Post("/api/limits", Long(1 << 20));
        chunked.Headers.TransferEncodingChunked = true;
        await (await client.AskAsync(chunked)).ProblemAsync(ProblemKind.TooLarge);
        using var text = WebSite.Post("/api/limits");
        text.Content = new StringContent("{}", Encoding.UTF8, "text/plain");
        await (await client.AskAsync(text)).ProblemAsync(ProblemKind.UnsupportedMediaType);
        Assert.Single(site.Doors.AskedFor);
    }

    [Theory]
    [InlineData("/api/log?limit=0", "limit")]
    [InlineData("/api/log?limit=201", "limit")]
    [InlineData("/api/log?limit=many", "limit")]
    [InlineData("/api/log?finalised=perhaps", "finalised")]
    [InlineData("/api/log?from=2026-11-29T08:00:00", "from")]
    [InlineData("/api/log?to=yesterday", "to")]
    [InlineData("/api/log?text=%00", "text")]
    [InlineData("/api/changes?since=-1", "since")]
    [InlineData("/api/changes", "since")]
    [InlineData("/api/copies/22222222-0000-0000-0000-000000000001/channels?after=-1", "after")]
    public async Task a_wrong_parameter_is_named_with_what_is_allowed(string path, string field)
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.As("all");
        var problem = await (await client.LookAsync(path)).ProblemAsync(ProblemKind.Invalid);
        Assert.Equal(field, problem.GetProperty("field").GetString());
        Assert.True(problem.TryGetProperty("allowed", out _));
    }

    [Fact]
    public async Task lists_come_in_pages_and_filters_reach_the_log()
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.As("log.read");
        await client.LookAsync("/api/log?finalised=false&recorderId=r1&text=rec&from=2026-11-29T10:00:00%2B02:00&after=x&limit=7");
        var query = site.Doors.LastQuery!;
        Assert.Equal((false, "r1", "rec", "x", 7), (query.Finalised, query.RecorderId, query.Text, query.After, query.Limit));
        Assert.Equal((ScriptedDoors.Then, TimeSpan.Zero), (query.From, query.From!.Value.Offset));

        var seen = new List<string>();
        var after = "";
        for (var pages = 0; pages < 4 && after is not null; pages++)
        {
            var page = await (await client.LookAsync($"/api/recorders?limit=2{after}")).JsonAsync();
            seen.AddRange(
                page.GetProperty("rows").EnumerateArray().Select(x => x.GetProperty("recorder").GetProperty("recorderId").GetString()!)
            );
            after = page.GetProperty("next").GetString() is { } next ? $"&after={next}" : null;
        }
        Assert.Equal(["r1", "r2", "r3"], seen);

        var channels = await (await client.LookAsync($"/api/copies/{ScriptedDoors.Copy}/channels?limit=4")).JsonAsync();
        Assert.Equal("3", channels.GetProperty("next").GetString());
        var rest = await (await client.LookAsync($"/api/copies/{ScriptedDoors.Copy}/channels?limit=4&after=3")).JsonAsync();
        Assert.Equal(["c4"], rest.GetProperty("rows").EnumerateArray().Select(x => x.GetProperty("channel").GetString()));
    }

    [Fact]
    public async Task who_has_the_newest_is_told_so_until_it_moves()
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.As("log.read");
        using var first = await client.LookAsync("/api/recorders");
        Assert.Equal("no-store", first.Headers.CacheControl!.ToString());
        client.DefaultRequestHeaders.IfNoneMatch.Add(first.Headers.ETag!);
        using var same = await client.LookAsync("/api/recorders");
        Assert.Equal(
            (HttpStatusCode.NotModified, ""),
            (same.StatusCode, await same.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
        );
        site.Doors.Name = "another name";
        Assert.Equal(HttpStatusCode.OK, (await client.LookAsync("/api/recorders")).StatusCode);
        using var log = await client.LookAsync("/api/log");
        Assert.StartsWith("\"7-", log.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task what_is_not_there_is_not_found()
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.As("all");
        var nothing = Guid.NewGuid();
        foreach (
            var path in new[]
            {
                $"/api/log/{nothing}",
                $"/api/log/{nothing}/checks",
                $"/api/log/{nothing}/periods",
                $"/api/log/{nothing}/copy",
                $"/api/copies/{nothing}",
                $"/api/copies/{nothing}/channels",
                $"/api/requests/{nothing}",
                $"/api/inspections/{nothing}",
                "/api/log/17",
                "/api/nonsense",
                "/nonsense",
            }
        )
            await (await client.LookAsync(path)).ProblemAsync(ProblemKind.NotFound);
        await (await client.AskAsync(WebSite.Post($"/api/log/{nothing}/failback"))).ProblemAsync(ProblemKind.NotFound);
        await (await client.AskAsync(WebSite.Post("/api/log"))).ProblemAsync(ProblemKind.MethodNotAllowed);
    }

    [Fact]
    public async Task a_dry_run_is_pending_until_recorders_answered()
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.As("all");
        using var asked = await client.AskAsync(WebSite.Post($"/api/log/{ScriptedDoors.Entry}/inspect"));
        var place = asked.Headers.Location!.ToString();
        Assert.StartsWith("/api/inspections/", place);
        Assert.Equal(HttpStatusCode.Accepted, (await client.LookAsync(place)).StatusCode);
        var one = new RecorderInspection { RecorderId = "r1", Reachable = true };
        site.Doors.Inspection = new RecordersInspected
        {
            RequestId = Guid.NewGuid(),
            EntryId = ScriptedDoors.Entry,
            Recorder = one,
            FailoverServer = one,
            Reason = FailbackReason.Incompatible,
        };
        Assert.Equal("Incompatible", (await (await client.LookAsync(place)).JsonAsync()).GetProperty("reason").GetString());
        // It says what settings are: not for who may only look.
        using var guard = site.As("log.read");
        await (await guard.LookAsync(place)).ProblemAsync(ProblemKind.Forbidden);
        (site.Doors.Inspection, site.Doors.Outcome) = (null, "Accepted");
        await (await client.LookAsync(place)).ProblemAsync(ProblemKind.NotFound);
        using var other = await client.AskAsync(WebSite.Post($"/api/copies/{ScriptedDoors.Copy}/pause"));
        var key = other.Headers.Location!.ToString().Split('/')[^1];
        site.Doors.Outcome = "Pending";
        await (await client.LookAsync($"/api/inspections/{key}")).ProblemAsync(ProblemKind.NotFound);
    }

    [Theory]
    [Covers("B12")]
    [InlineData(true)]
    [InlineData(false, "ConnectionStrings:Bus=amqp://127.0.0.1:1")]
    public async Task messages_that_nobody_could_handle_are_counted_by_queue(bool inMemory, params string[] settings)
    {
        await using var site = await WebSite.StartAsync(settings);
        using var client = site.As("log.read");
        site.Doors.Queues = new(ScriptedDoors.Then, [new("failback.dead", "dead", 2)]);
        var queues = await (await client.LookAsync("/api/queues")).JsonAsync();
        Assert.Equal(inMemory, queues.GetProperty("inMemory").GetBoolean());
        Assert.Equal(ScriptedDoors.Then, queues.GetProperty("lookedAt").GetDateTimeOffset());
        var row = Assert.Single(queues.GetProperty("rows").EnumerateArray());
        Assert.Equal(
            ("failback.dead", "dead", 2),
            (row.GetProperty("queue").GetString(), row.GetProperty("kind").GetString(), row.GetProperty("messages").GetInt32())
        );
    }

    [Fact]
    public async Task who_may_not_look_sees_only_what_became_of_his_own_requests()
    {
        await using var site = await WebSite.StartAsync();
        using var anna = site.Named("anna", "copy.control");
        using var bert = site.Named("bert", "copy.control");
        using var asked = await anna.AskAsync(WebSite.Post($"/api/copies/{ScriptedDoors.Copy}/pause"));
        Assert.Equal(HttpStatusCode.OK, (await anna.LookAsync(asked.Headers.Location!.ToString())).StatusCode);
        await (await bert.LookAsync(asked.Headers.Location!.ToString())).ProblemAsync(ProblemKind.NotFound);
    }
}
