using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Failback.Host;
using Failback.Messages;
using Npgsql;
using static Failback.Tests.ErrorQueueSpec;

namespace Failback.Tests;

/// <summary>The runbooks of docs/operations.md, step by step, with the commands that stand there.</summary>
[NeedsServer]
public sealed partial class When_a_runbook_is_followed
{
    private static readonly string Runbooks = Repository.Read("docs/operations.md").Split("\n## Runbooks\n")[1].Split("\n## ")[0];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void every_command_of_ours_is_one_that_failback_takes()
    {
        var commands = Commands("failback queues");
        Assert.Equal(5, commands.Count);
        Assert.All(commands, x => Assert.Empty(QueuesOptions.Parse(Words(x)).Wrong));
    }

    [Fact]
    [Covers("B12")]
    public async Task a_message_in_an_error_queue_is_seen_mended_given_back_or_discarded()
    {
        await using var spec = await ErrorQueueSpec.StartAsync();
        await spec.BreakAsync("true");
        var ids = Enumerable.Range(0, 3).Select(_ => Guid.NewGuid()).ToList();
        foreach (var id in ids)
            await spec.SendAsync(Queue, FailbackSpec.Failover(id, "rec-1", "server"), id);
        await spec.SendAsync("", Queue, [0], "text/plain", null);
        await spec.HasAsync(Errors, 4);
        var commands = Commands("failback queues");

        async Task<string> FollowAsync(string begins, string id = "")
        {
            var command = commands.Single(x => x.StartsWith(begins, StringComparison.Ordinal));
            var done = await spec.QueuesAsync([.. Words(command).Select(x => x == "ID" ? id : x)]);
            Assert.True(done.Code == 0, command + "\n" + done.Printed + done.Said);
            return done.Printed;
        }

        Assert.Contains($"4  {Errors}  (oldest 0.00:00:", await FollowAsync("failback queues list"));
        var shown = await FollowAsync("failback queues show");
        Assert.All(ids, x => Assert.Contains($"message  {x}", shown));
        var noise = NoId().Match(shown).Value;
        await spec.MendAsync();
        await FollowAsync("failback queues replay NAME_error --message", ids[0].ToString());
        await Eventually.Equal("the first", 1, () => spec.CountAsync("failover_log"));
        await spec.HasAsync(Errors, 3);
        await FollowAsync("failback queues replay NAME_error --all");
        await Eventually.Equal("all", 3, () => spec.CountAsync("failover_log"));
        await spec.HasAsync(Errors, 1);
        await FollowAsync("failback queues discard", noise);
        await spec.HasAsync(Errors, 0);
        Assert.Equal(1, await spec.CountAsync("audit WHERE what = 'queues.discard' AND detail LIKE 'WHY (%'"));
    }

    [Fact]
    [Covers("B8", "B9", "I5")]
    public async Task all_queues_are_made_again_and_filled_from_the_database()
    {
        await using var spec = await ErrorQueueSpec.StartAsync("--Failback:Saga:AnswerSeconds=5", "--Failback:Reconciler:EverySeconds=1");
        var (site, entry) = await UnansweredAsync(spec);
        await spec.StopSagaAsync();

        var queues = await QueuesOfAsync(spec);
        foreach (var queue in queues)
            await spec.Vhost.DeleteQueueAsync(queue);
        Assert.Empty(await QueuesOfAsync(spec));
        var watch = Stopwatch.StartNew();
        await spec.StartSagaAsync("--Failback:Saga:AnswerSeconds=5", "--Failback:Reconciler:EverySeconds=1");

        using var http = spec.Saga.Http;
        await Readiness.WellAsync(http);
        var ready = watch.Elapsed.TotalSeconds;
        await new FailbackSpec(spec.Saga).BecomesAsync(entry, "Succeeded");
        Figures.Say(
            $"{queues.Count} queues deleted: ready after {ready:0.0} s, the open failback done after {watch.Elapsed.TotalSeconds:0.0} s"
        );
    }

    [Fact]
    [Covers("D18")]
    public async Task a_failback_that_does_not_move_is_given_up_and_started_again()
    {
        await using var spec = await ErrorQueueSpec.StartAsync();
        var (site, entry) = await UnansweredAsync(spec);

        var cancel = Runbooks.Split("```json\n")[1].Split('\n')[0].Replace("NEW-GUID", $"{Guid.NewGuid()}").Replace("\"ID\"", "\"rec-1\"");
        await spec.SendAsync("failback.in.cancel-failback", "", Encoding.UTF8.GetBytes(cancel), "application/json", $"{Guid.NewGuid()}");

        await site.BecomesAsync(entry, "Failed");
        Assert.Equal(FailbackReason.Canceled, (await spec.Saga.Read.EntryAsync(entry, Token))!.FailbackReason);
        Assert.Contains("fo-1 Recorder", await site.RolesAsync());
        site.Worker.Restores = ObedientWorker.Recording;
        await site.AskAsync(entry);
        await site.BecomesAsync(entry, "Succeeded");
    }

    [Fact]
    [Covers("C2", "I5")]
    public async Task a_database_from_a_backup_asks_again_for_what_ran_then()
    {
        await using var spec = await ErrorQueueSpec.StartAsync("--Failback:Saga:AnswerSeconds=5", "--Failback:Reconciler:EverySeconds=1");
        var (site, entry) = await UnansweredAsync(spec);
        using var folder = new TempFolder();
        await FollowAsync(spec, "pg_dump", folder);
        site.Worker.Restores = ObedientWorker.Recording;
        await site.BecomesAsync(entry, "Succeeded");
        await spec.StopSagaAsync();

        await FollowAsync(spec, "pg_restore", folder);
        Assert.Equal(1, await spec.CountAsync("failover_log WHERE failback = 'Running'"));
        foreach (var queue in await QueuesOfAsync(spec))
            await spec.Vhost.DeleteQueueAsync(queue);
        await spec.StartSagaAsync("--Failback:Saga:AnswerSeconds=5", "--Failback:Reconciler:EverySeconds=1");

        var restored = new FailbackSpec(spec.Saga);
        await restored.BecomesAsync(entry, "Succeeded");
        Assert.Equal(["fo-1 FailoverServer", "fo-2 FailoverServer", "rec-1 Recorder"], await restored.RolesAsync());
        var changes = await spec.Saga.Read.ChangesSinceAsync(0, 1_000, Token);
        Assert.Equal(Enumerable.Range(1, changes.Count).Select(x => (long)x), changes.Select(x => x.Number));
    }

    /// <summary>A failback that no worker answers.</summary>
    private static async Task<(FailbackSpec Site, Guid Entry)> UnansweredAsync(ErrorQueueSpec spec)
    {
        var site = new FailbackSpec(spec.Saga);
        await site.SiteAsync();
        var entry = await site.FailoverAsync();
        site.Worker.Restores = _ => null;
        await site.ComesBackAsync();
        await site.BecomesAsync(entry, "Running");
        return (site, entry);
    }

    private static async Task<IReadOnlyList<string>> QueuesOfAsync(ErrorQueueSpec spec) =>
        [
            .. (await spec.Vhost.ManageAsync("queues"))
                .EnumerateArray()
                .Select(x => x.GetProperty("name").GetString()!)
                .Where(x => !x.Contains("_bus_")),
        ];

    /// <summary>The command of the runbook on this spec's server, database and file.</summary>
    private static async Task FollowAsync(ErrorQueueSpec spec, string program, TempFolder folder)
    {
        var server = new NpgsqlConnectionStringBuilder(spec.Database.ConnectionString);
        await using (var connection = new NpgsqlConnection(spec.Database.ConnectionString))
            NpgsqlConnection.ClearPool(connection);
        var words = Words(Commands(program).Single())
            .Select(x => x.Replace("failback.dump", folder.File("failback.dump")))
            .Select(x => x is "failback" or "--dbname=failback" ? x.Replace("failback", server.Database) : x);
        await using var process = ChildProcess.Start(
            program,
            words,
            new Dictionary<string, string>
            {
                ["PGHOST"] = server.Host!,
                ["PGPORT"] = $"{server.Port}",
                ["PGUSER"] = server.Username!,
            }
        );
        Assert.True(await process.ExitAsync() == 0, process.Output);
    }

    /// <summary>Lines of the runbooks' blocks that begin so.</summary>
    private static List<string> Commands(string begins) =>
        [
            .. Block()
                .Matches(Runbooks)
                .SelectMany(x => x.Groups["lines"].Value.Split('\n'))
                .Where(x => x.StartsWith(begins + " ", StringComparison.Ordinal)),
        ];

    /// <summary>The arguments: without the program's own words, and for the queue of these specs.</summary>
    private static IReadOnlyList<string> Words(string command) =>
        [
            .. Word()
                .Matches(command)
                .Select(x => x.Value.Trim('"').Replace("NAME_error", Errors))
                .SkipWhile((x, i) => i == 0 || (i == 1 && x == "queues")),
        ];

    [GeneratedRegex("^```bash\n(?<lines>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("\"[^\"]*\"|\\S+")]
    private static partial Regex Word();

    [GeneratedRegex("x-[0-9a-f]{16}")]
    private static partial Regex NoId();
}
