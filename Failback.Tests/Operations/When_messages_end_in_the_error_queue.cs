using System.Text;
using RabbitMQ.Client;
using static Failback.Tests.ErrorQueueSpec;

namespace Failback.Tests;

/// <summary>What could not be handled is seen, given back without loss or double effect, or thrown away with a reason that stays.</summary>
[NeedsServer]
public sealed class When_messages_end_in_the_error_queue
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Covers("A17", "B12", "I8")]
    public async Task one_is_shown_others_go_on_and_replayed_at_any_age_it_has_its_effect_once()
    {
        await using var spec = await ErrorQueueSpec.StartAsync();
        var site = new FailbackSpec(spec.Saga);
        await site.SiteAsync();
        await spec.BreakAsync("NEW.failed_recorder_id = 'rec-1'");
        var (entry, id, others) = (Guid.NewGuid(), Guid.NewGuid(), Enumerable.Range(0, 20).Select(_ => Guid.NewGuid()).ToList());

        await spec.SendAsync(Queue, FailbackSpec.Failover(entry), id);
        foreach (var other in others)
            await spec.SendAsync(Queue, FailbackSpec.Failover(other, "another", "server"), Guid.NewGuid());

        await spec.HasAsync(Errors, 1);
        await Eventually.Equal("others went on", 20, () => spec.CountAsync("failover_log WHERE failover = 'Succeeded'"));
        var list = await spec.QueuesAsync("list", "--json");
        Assert.Equal((0, 1), (list.Code, list.MessagesIn(Errors)));
        var shown = await spec.QueuesAsync("show", Errors);
        Assert.Equal(0, shown.Code);
        foreach (
            var part in new[]
            {
                $"message  {id}",
                "type     Failback.Messages:FailoverCompleted",
                "PostgresException",
                "this database is broken",
                $"from     {Queue}",
                $"\"entryId\": \"{entry}\"",
            }
        )
            Assert.Contains(part, shown.Printed);
        await spec.HasAsync(Errors, 1);

        await spec.MendAsync();
        Assert.Equal(1, (await spec.QueuesAsync("replay", Errors, "--message", Guid.NewGuid().ToString())).Code);
        var replayed = await spec.QueuesAsync("replay", Errors, "--message", id.ToString(), "--json");
        Assert.Equal((0, id.ToString()), (replayed.Code, replayed.Json.GetProperty("done")[0].GetString()));
        await Eventually.Equal("the period is held", "Held", async () => (await spec.Saga.Read.EntryAsync(entry, Token))?.Hold);
        await spec.HasAsync(Errors, 0);

        // The recorder came home long ago; the inbox has forgotten the message, which comes again.
        await site.ComesBackAsync();
        await site.BecomesAsync(entry, "Succeeded");
        var before = await EverythingAsync(spec);
        foreach (var forgotten in new[] { false, true })
        {
            if (forgotten)
                Assert.True(
                    await spec.Database.ScalarAsync<long>(
                        $"WITH gone AS (DELETE FROM inbox WHERE message_id = '{id}' RETURNING 1) SELECT count(*) FROM gone"
                    ) > 0
                );
            await spec.SendAsync(Errors, FailbackSpec.Failover(entry), id);
            await spec.HasAsync(Errors, 1);
            Assert.Equal(0, (await spec.QueuesAsync("replay", Errors, "--all")).Code);
            await spec.HasAsync(Errors, 0);
            await Eventually.Equal("handled", 1, () => spec.CountAsync($"inbox WHERE message_id = '{id}'"));
            await spec.HasAsync(Queue, 0);
        }
        Assert.Equal(before, await EverythingAsync(spec));
        Figures.Say("1 poison of 21 isolated, 20 went on; replayed 3 times, twice beyond its time: 1 effect");
    }

    [Fact]
    [Covers("A14", "B12", "I5")]
    public async Task an_operator_whose_replay_is_killed_in_the_middle_loses_none_and_doubles_none()
    {
        const int many = 300;
        await using var spec = await ErrorQueueSpec.StartAsync();
        await spec.BreakAsync("true");
        await Task.WhenAll(
            Enumerable.Range(0, many).Select(x => spec.Saga.TellAsync(FailbackSpec.Failover(Guid.NewGuid(), $"rec-{x}", "server")))
        );
        await spec.HasAsync(Errors, many);
        await spec.MendAsync();

        using var folder = new TempFolder();
        uint left;
        await using (var killed = QueuesProcess.Start(folder, spec.Vhost.Address, null, "replay", Errors, "--all"))
        {
            left = await UntilLessAsync(spec, many / 2);
            killed.Kill();
            await killed.ExitAsync();
        }
        Assert.InRange(left, 1u, many / 2u);
        var rest = await spec.QueuesAsync("replay", Errors, "--all");
        Assert.Equal(0, rest.Code);

        await Eventually.Equal("every one has its effect", many, () => spec.CountAsync("failover_log"));
        await spec.HasAsync(Errors, 0);
        await spec.HasAsync(Queue, 0);
        Assert.Equal(many, await spec.CountAsync("system_change WHERE kind = 'FailoverCompleted'"));
        Figures.Say($"{many} messages, killed with {left} left: 0 lost, 0 doubled");
    }

    [Fact]
    [Covers("B12", "T18")]
    public async Task bytes_that_nobody_can_read_are_shown_harmless_come_back_and_are_discarded_with_a_reason()
    {
        await using var spec = await ErrorQueueSpec.StartAsync();
        byte[] noise = [0xff, 0xfe, 0x00, 0x1b];
        await spec.SendAsync("", Queue, noise, "application/vnd.masstransit+json", null);
        await spec.SendAsync("", Queue, Encoding.UTF8.GetBytes("\u001b[31mred\u202eevil"), "text/plain", "\u001b[2J");
        await spec.HasAsync(Errors, 2);

        var shown = await spec.QueuesAsync("show", Errors);
        Assert.Contains("fffe001b", shown.Printed);
        Assert.Contains(@"\u{1b}[31mred\u{202e}evil", shown.Printed);
        Assert.DoesNotContain(shown.Printed, x => (char.IsControl(x) && x != '\n') || x == '\u202e');

        // Giving back what cannot be read ends: it is back, and the command goes once through what was there.
        Assert.Equal(0, (await spec.QueuesAsync("replay", Errors, "--all")).Code);
        await spec.HasAsync(Errors, 2);
        var id = (await spec.QueuesAsync("show", Errors, "--json", "--limit", "1"))
            .Json.GetProperty("messages")[0]
            .GetProperty("id")
            .GetString()!;
        Assert.StartsWith("x-", id);
        Assert.Equal(2, (await spec.QueuesAsync("discard", Errors, "--message", id)).Code);
        Assert.Equal(0, (await spec.QueuesAsync("discard", Errors, "--message", id, "--reason", "noise of a test bench")).Code);
        await spec.HasAsync(Errors, 1);
        Assert.Equal(
            1,
            await spec.CountAsync(
                $"audit WHERE what = 'queues.discard' AND subject = '{Errors}/{id}' AND detail LIKE 'noise of a test bench (%sha256 %'"
            )
        );

        // Without a database the reason is in the log.
        var logged = await QueuesProcess.RunAsync(spec.Vhost.Address, null, "discard", Errors, "--all", "--reason", "the rest of it");
        Assert.Equal(0, logged.Code);
        Assert.Contains("the rest of it", logged.Said);
        await spec.HasAsync(Errors, 0);
        Assert.Equal(1, await spec.CountAsync("audit"));
    }

    [Fact]
    public async Task nothing_is_thrown_away_whose_reason_could_not_be_written_down()
    {
        await using var spec = await ErrorQueueSpec.StartAsync();
        await spec.SendAsync("", Queue, [1], "text/plain", null);
        await spec.HasAsync(Errors, 1);
        await spec.Database.ScalarAsync<int>("ALTER TABLE audit RENAME TO elsewhere; SELECT 1");
        var refused = await spec.QueuesAsync("discard", Errors, "--all", "--reason", "noise");
        Assert.Equal(1, refused.Code);
        Assert.Contains("PostgresException", refused.Said);
        await spec.HasAsync(Errors, 1);
    }

    [Fact]
    [Covers("B12")]
    public async Task what_killed_its_process_too_often_is_given_back_through_its_own_door()
    {
        await using var spec = await ErrorQueueSpec.StartAsync("--Failback:Bus:DeliveryLimit=2");
        await spec.StopSagaAsync();
        var entry = Guid.NewGuid();
        await spec.SendAsync(Queue, FailbackSpec.Failover(entry, "rec-9", "server"), Guid.NewGuid());
        var plain = """{"recorderId":"rec-9","version":1,"name":"n","address":"http://127.0.0.1:1/","addressVersion":1}""";
        await spec.SendAsync(
            "failback.in.recorder-configured",
            "",
            Encoding.UTF8.GetBytes(plain),
            "application/json",
            Guid.NewGuid().ToString()
        );
        await KillTheirProcessAsync(spec, Queue, dead: 1);
        await KillTheirProcessAsync(spec, "failback.in", dead: 2);

        await spec.StartSagaAsync("--Failback:Bus:DeliveryLimit=2");
        var replayed = await spec.QueuesAsync("replay", "failback.dead", "--all");

        Assert.True(replayed.Code == 0, replayed.Printed + replayed.Said);
        await Eventually.True("the entry", async () => await spec.Saga.Read.EntryAsync(entry, Token) is not null);
        await Eventually.Equal("the recorder", 1, async () => (await spec.Saga.Read.RecordersAsync(null, 10, Token)).Count);
        await spec.HasAsync("failback.dead", 0);
        await spec.HasAsync("failback.in.refused", 0);
    }

    [Fact]
    [Covers("A24")]
    public async Task what_was_skipped_or_refused_is_told_and_what_has_no_way_back_stays()
    {
        await using var spec = await ErrorQueueSpec.StartAsync();
        await spec.SendAsync(
            "",
            Queue,
            """{"messageType":["urn:message:Of:Tomorrow"],"message":{}}"""u8.ToArray(),
            "application/vnd.masstransit+json",
            null
        );
        await spec.SendAsync("failback.in.failover-completed", "", "{}"u8.ToArray(), "application/json", Guid.NewGuid().ToString());
        await spec.HasAsync(Queue + "_skipped", 1);
        await spec.HasAsync("failback.in.refused", 1);

        var list = await spec.QueuesAsync("list", "--json");
        Assert.Equal(
            (1, 1, 0),
            (list.MessagesIn(Queue + "_skipped"), list.MessagesIn("failback.in.refused"), list.MessagesIn("failback.dead"))
        );
        Assert.Contains("because  Missing: EntryId: ", (await spec.QueuesAsync("show", "failback.in.refused")).Printed);
        var left = await spec.QueuesAsync("replay", "failback.in.refused", "--all");
        Assert.Equal(1, left.Code);
        Assert.Contains("correct its publisher", left.Printed);
        await spec.HasAsync("failback.in.refused", 1);

        await spec.StopSagaAsync();
        await spec.Vhost.DeleteQueueAsync(Queue);
        var nowhere = await spec.QueuesAsync("replay", Queue + "_skipped", "--all");
        Assert.Equal(1, nowhere.Code);
        Assert.Contains($"there is no queue {Queue}", nowhere.Printed);
        await spec.HasAsync(Queue + "_skipped", 1);
    }

    /// <summary>Looks as fast as it can: the command is at work for part of a second only.</summary>
    private static async Task<uint> UntilLessAsync(ErrorQueueSpec spec, uint many)
    {
        await using var connection = await spec.Vhost.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
        for (var looks = 0; looks < 100_000; looks++)
            if ((await channel.QueueDeclarePassiveAsync(Errors, Token)).MessageCount is var now && now < many)
                return now;
        throw new TimeoutException("the command did nothing");
    }

    private static async Task KillTheirProcessAsync(ErrorQueueSpec spec, string queue, uint dead) =>
        await Eventually.Equal(
            $"dead after {queue}",
            dead,
            async () =>
            {
                await using var connection = await spec.Vhost.ConnectAsync();
                await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
                if (await channel.BasicGetAsync(queue, autoAck: false, Token) is { } taken)
                    await channel.BasicNackAsync(taken.DeliveryTag, multiple: false, requeue: true, Token);
                return (await channel.QueueDeclarePassiveAsync("failback.dead", Token)).MessageCount;
            }
        );

    private static async Task<string> EverythingAsync(ErrorQueueSpec spec) =>
        string.Join(
            '\n',
            await spec.Database.ScalarAsync<string>("SELECT string_agg(x::text, E'\\n' ORDER BY x.entry_id) FROM failover_log x"),
            await spec.Database.ScalarAsync<string>("SELECT string_agg(x::text, E'\\n' ORDER BY x.recorder_id) FROM recorder x"),
            await spec.CountAsync("system_change")
        );
}
