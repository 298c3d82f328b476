using System.Text.Json;
using System.Text.RegularExpressions;

namespace Failback.Tests;

/// <summary>Saga and workers as processes of their own, on a real RabbitMQ and PostgreSQL; one worker is killed while it copies.</summary>
[NeedsServer]
[Covers("R30", "R31", "R35", "R36", "D19", "F1", "I1", "I2", "I5", "I10", "I11", "I23")]
public sealed partial class The_story_distributed : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly TempFolder folder = new();
    private readonly List<ChildProcess> sagas = [];
    private readonly List<ChildProcess> workers = [];
    private RabbitVhost vhost = null!;
    private PostgresDatabase database = null!;

    public async ValueTask InitializeAsync()
    {
        vhost = await Servers.NewVhostAsync();
        database = await Servers.NewDatabaseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in workers.Concat(sagas))
            await process.DisposeAsync();
        await database.DisposeAsync();
        await vhost.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task is_complete_identical_and_told_once_although_a_worker_is_killed_while_it_copies()
    {
        var key = folder.File("report.pem");
        ReportKeys.Write(key);
        await StartAsync(
            sagas: 2,
            workers: 3,
            $"--Failback:Reports:KeyFile={key}",
            "--Failback:Copy:SliceSeconds=10",
            "--Failback:Copy:ClockSlackSeconds=0",
            "--Failback:Copy:MaxBytesPerSecond=1500000"
        );
        await using var demo = DemoProcess.Start([
            "--site-only",
            "--failing",
            "2",
            "--bus",
            vhost.Address.ToString(),
            "--database",
            database.ConnectionString,
        ]);

        var (killed, slice, answeredBefore) = await WorkerFrozenWithAnUnansweredSliceAsync();
        killed.Kill();
        var summary = await demo.SummaryAsync();

        var after = Answered().Except(answeredBefore).Where(x => !x.Worker.EndsWith($":{killed.Id}", StringComparison.Ordinal)).ToList();
        Assert.True(after.Count >= 5, $"{after.Count} slices were answered by others after the kill");
        Assert.True(after.Any(x => x.Slice == slice), $"Slice {slice} of {killed.Id} was not answered by another:\n{Said(slice)}");
        Assert.Equal("Succeeded", summary.GetProperty("outcome").GetString());
        foreach (var n in new[] { 1, 2 })
            await AssertHomeAsync(summary, $"recorder-{n}", $"failover-{n}");
        var numbers = summary.GetProperty("systemChanges").EnumerateArray().Select(x => x.GetProperty("number").GetInt64()).ToList();
        Assert.Equal(Enumerable.Range(1, numbers.Count).Select(x => (long)x), numbers);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM outbox WHERE not_before IS NULL"));
        // A report of each, made by a worker over HTTP and signed by a saga, before the holds were released.
        Assert.Equal(
            2,
            await database.ScalarAsync<long>("SELECT count(*) FROM coverage_report WHERE status = 'Made' AND whole AND signature <> ''")
        );
    }

    [Fact]
    public async Task has_the_same_history_as_embedded()
    {
        await StartAsync(sagas: 1, workers: 1);
        await using var distributed = DemoProcess.Start([
            "--exit",
            "--site-only",
            "--bus",
            vhost.Address.ToString(),
            "--database",
            database.ConnectionString,
        ]);
        await using var embedded = DemoProcess.Start("--exit");
        Assert.Equal(History(await embedded.SummaryAsync()), History(await distributed.SummaryAsync()));
    }

    private async Task StartAsync(int sagas, int workers, params string[] settings)
    {
        var secret = folder.File("document-secret");
        await File.WriteAllTextAsync(secret, "a-secret-of-the-document-port");
        var ports = Enumerable.Range(0, sagas + workers).Select(_ => FreePort.Next()).ToList();
        var port = ports[0];
        string[] shared =
        [
            $"--ConnectionStrings:Bus={vhost.Address}",
            $"--Failback:Documents:SecretFile={secret}",
            "--Logging:LogLevel:Default=Warning",
            "--Logging:LogLevel:Failback=Debug",
            "--Logging:LogLevel:Microsoft.Hosting.Lifetime=Information",
        ];
        for (var n = 0; n < sagas; n++)
            this.sagas.Add(
                Processes.Start(
                    "Failback.Saga",
                    new Dictionary<string, string>(),
                    [
                        .. shared,
                        .. settings,
                        $"--ConnectionStrings:Database={database.ConnectionString}",
                        "--Failback:Saga:StableSeconds=2",
                        $"--urls=http://127.0.0.1:{ports[n]}",
                    ]
                )
            );
        for (var n = 0; n < workers; n++)
            this.workers.Add(
                Processes.Start(
                    "Failback.Worker",
                    new Dictionary<string, string>(),
                    [.. shared, $"--Failback:Documents:Address=http://127.0.0.1:{port}", $"--urls=http://127.0.0.1:{ports[sagas + n]}"]
                )
            );
        using var http = new HttpClient();
        foreach (var (process, its) in this.sagas.Concat(this.workers).Zip(ports))
            await Eventually.True(
                $"process {process.Id} is ready",
                async () => process.HasExited || (await http.GetAsync(new Uri($"http://127.0.0.1:{its}/health/ready"))).IsSuccessStatusCode,
                TimeSpan.FromMinutes(1)
            );
        Assert.All(this.sagas.Concat(this.workers), x => Assert.False(x.HasExited, x.Output));
    }

    /// <summary>A worker that was stopped between its receipt of a slice and the answer, so that the slice is surely another's to do.</summary>
    private async Task<(
        ChildProcess Worker,
        string Slice,
        List<(string Slice, string Worker)> AnsweredBefore
    )> WorkerFrozenWithAnUnansweredSliceAsync()
    {
        while (true)
        {
            var (worker, slice) = await WorkerWithAnUnansweredSliceAsync();
            worker.Stop();
            var before = Answered();
            // What it answered before it stood still is in the ledger's log by the time that later answers of others are.
            await Eventually.True("others go on", () => IsAnswered(slice) || Answered().Count >= before.Count + 3, Patience);
            if (!IsAnswered(slice))
                return (worker, slice, before);
            worker.Continue();
        }
    }

    private async Task<(ChildProcess Worker, string Slice)> WorkerWithAnUnansweredSliceAsync()
    {
        (ChildProcess, string)? found = null;
        await Eventually.True(
            "a worker holds an unanswered slice",
            () =>
            {
                found = workers
                    .Select(x => (Worker: x, Slice: StartedSlice().Matches(x.Output).LastOrDefault()?.Groups[1].Value))
                    .Where(x => x.Slice is not null && !IsAnswered(x.Slice))
                    .Select(x => ((ChildProcess, string)?)(x.Worker, x.Slice!))
                    .FirstOrDefault();
                return Answered().Count >= 3 && found is not null;
            },
            Patience
        );
        return found!.Value;
    }

    private string Said(string about) =>
        string.Join('\n', sagas.Concat(workers).SelectMany(x => x.Output.Split('\n')).Where(x => x.Contains(about)));

    private bool IsAnswered(string slice) => Answered().Any(x => x.Slice == slice);

    private List<(string Slice, string Worker)> Answered() =>
        [.. sagas.SelectMany(x => AnsweredSlice().Matches(x.Output)).Select(x => (x.Groups[1].Value, x.Groups[2].Value))];

    private static async Task AssertHomeAsync(JsonElement summary, string recorder, string failoverServer)
    {
        using var source = Footage.At(summary, failoverServer);
        using var target = Footage.At(summary, recorder);
        var items = await source.ItemsAsync(recorder);
        Assert.Equal(items.Count, await source.IdenticalAtAsync(target, items));
        var home = await target.ItemsAsync(recorder);
        Assert.Equal(home.Count, home.DistinctBy(x => (x.Kind, x.Track, x.Start)).Count());
        var expected = summary
            .GetProperty("channelCopies")
            .EnumerateArray()
            .Where(x => x.GetProperty("recorder").GetString() == recorder)
            .Sum(x => x.GetProperty("verified").GetInt64());
        Assert.Equal(items.Count, expected);
    }

    /// <summary>What happened to whom, in order, subject by subject; ids by order of appearance, instants dropped (I23).</summary>
    private static List<string> History(JsonElement summary)
    {
        var names = new Dictionary<string, int>();
        string Name(JsonElement id)
        {
            if (id.ValueKind == JsonValueKind.Null)
                return "-";
            names.TryAdd(id.GetString()!, names.Count + 1);
            return $"#{names[id.GetString()!]}";
        }
        return
        [
            .. summary
                .GetProperty("systemChanges")
                .EnumerateArray()
                .Select(x =>
                    (
                        Subject: x.GetProperty("kind").GetString() == "RecorderChanged"
                            ? x.GetProperty("recorderIds")[0].GetString()!
                            : "story",
                        What: $"{x.GetProperty("kind")} {Name(x.GetProperty("entryId"))} {string.Join(',', x.GetProperty("recorderIds").EnumerateArray())}"
                    )
                )
                .GroupBy(x => x.Subject)
                .OrderBy(x => x.Key, StringComparer.Ordinal)
                .SelectMany(x => x.Select(y => $"{x.Key}: {y.What}")),
        ];
    }

    [GeneratedRegex(@"Slice ([0-9a-f-]{36}), \S+ \S+ of material copy \S+ started by")]
    private static partial Regex StartedSlice();

    [GeneratedRegex(@"Slice ([0-9a-f-]{36}).* answered.* by (\S+:\d+)")]
    private static partial Regex AnsweredSlice();
}
