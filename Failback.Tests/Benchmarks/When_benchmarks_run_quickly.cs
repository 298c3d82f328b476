using System.Text.Json;
using Failback.Benchmarks;

namespace Failback.Tests;

public sealed class When_benchmarks_run_quickly : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly StringWriter output = new();

    [Fact]
    public async Task copying_has_a_row_for_each_of_the_others()
    {
        var rows = await RunAsync("copy", "--disk", folder.Path);

        Assert.Equal(
            [
                "video / cp -r",
                "video / rsync daemon",
                "video / rclone http to webdav",
                "video / curl --parallel, down then up",
                "video / 3.00 CPU s/GB",
                "audio / cp -r",
                "audio / rsync daemon",
                "audio / curl --parallel, down then up",
                "records / cp -r",
                "records / rsync daemon",
                "records / curl --parallel, down then up",
                "records / one GET and PUT an item, 4 at once",
                "video-durable / cp -r, sync -f",
                "video-durable / rsync daemon, --fsync",
                "audio-durable / cp -r, sync -f",
                "audio-durable / rsync daemon, --fsync",
            ],
            Of(rows, "Failback, relayed")
        );
        Assert.Equal(Of(rows, "Failback, relayed").Select(x => x.Replace("3.00 CPU", "1.80 CPU")), Of(rows, "Failback, target fetches"));
        foreach (var way in new[] { "Failback, relayed", "Failback, target fetches" })
            Assert.Equal(Of(rows, way), Of(rows, $"{way}, 4 slices"));
        Assert.Equal(["nine tenths of it", "eleven tenths of it"], rows.TakeLast(2).Select(x => x.Beside));
        double[][] goals =
        [
            [2.5, 2.5, 1, 1.2, 1],
            [3, 3],
            [8, 20, 8, 20],
            [0.9, 1.8],
            [4, 4],
        ];
        // Each for two slices at once and for four; then the limit's.
        Assert.Equal([.. goals.SelectMany(x => x.Concat(x)), 1, 1], rows.Where(x => x.Goal is not null).Select(x => x.Goal!.Value));
        Assert.NotNull(rows[0].Ratio);
        Assert.Equal(["nothing"], Directory.EnumerateFileSystemEntries(folder.Path).DefaultIfEmpty("nothing"));
    }

    [Fact]
    public async Task resuming_has_a_row_for_what_is_missing_and_for_each_size()
    {
        var rows = await RunAsync("resume", "--memory", folder.Path);

        Assert.Equal(
            [
                "2,000 present, 10 missing / rsync daemon, nothing to do",
                "2,000 present, 10 missing / 0.5 s",
                "2,000 present, 10 missing / 1 MB moved",
                "growth to 100 / 96 MB of worker",
                "growth to 1,000 / an item of a tenth as many",
                "growth to 1,000 / 96 MB of worker",
            ],
            rows.Select(x => $"{x.Name} / {x.Beside}")
        );
        Assert.All(rows, x => Assert.True(x.Ratio > 0 && x.Goal > 0));
        Assert.Equal(["nothing"], Directory.EnumerateFileSystemEntries(folder.Path).DefaultIfEmpty("nothing"));
    }

    [Fact]
    [NeedsServer]
    public async Task the_saga_has_a_row_for_each_of_the_others()
    {
        await using var vhost = await Servers.NewVhostAsync();
        await using var database = await Servers.NewDatabaseAsync();

        var rows = await RunAsync("saga", "--bus", vhost.Address.ToString(), "--database", database.ConnectionString);

        Assert.Equal(["no-op consumer", "hand-written loop"], rows.Select(x => x.Beside));
        Assert.Equal([null, 0.15], rows.Select(x => x.Goal));
        Assert.All(rows, x => Assert.NotNull(x.Ratio));
    }

    [Fact]
    [NeedsServer]
    public async Task the_console_has_a_row_for_each_page_and_list()
    {
        await using var database = await Servers.NewDatabaseAsync();

        var rows = await RunAsync("console", "--database", database.ConnectionString, "--disk", folder.Path);

        string[] pages = ["log", "finalised", "entry", "recorders", "audit"];
        string[] lists = ["api/log", "api/recorders", "api/channels", "api/audit", "api/changes"];
        Assert.Equal(
            [
                .. pages.SelectMany(x => new[] { $"console: {x} / psql -c", $"console: {x} / 0.3 s at 95 %" }),
                .. lists.Select(x => $"console: {x} / psql -c"),
                "console: first page / 1 s",
            ],
            rows.Select(x => $"{x.Name} / {x.Beside}")
        );
        Assert.All(rows.Where(x => x.Goal is not null), x => Assert.True(x.Ratio > 0));
        Assert.Equal(["nothing"], Directory.EnumerateFileSystemEntries(folder.Path).DefaultIfEmpty("nothing"));
    }

    [Theory]
    [InlineData("copy, resume, saga or console")]
    [InlineData("copy, resume, saga or console", "storm")]
    [InlineData("--rounds", "copy", "--rounds", "0")]
    [InlineData("--rounds", "copy", "--rounds")]
    [InlineData("--disk", "copy", "--disk", "/no/such/directory")]
    [InlineData("--only", "copy", "--only", "video,smoke")]
    [InlineData("--only", "console", "--database", "Host=127.0.0.1", "--only", "log,smoke")]
    [InlineData("--fast", "copy", "--fast", "1")]
    public async Task an_argument_that_is_wrong_is_named(string named, params string[] args)
    {
        Assert.Equal(2, await BenchmarkProgram.RunAsync(args, output, TestContext.Current.CancellationToken));
        Assert.Contains(named, output.ToString().Split('\n')[0]);
    }

    public void Dispose()
    {
        folder.Dispose();
        output.Dispose();
    }

    /// <summary>The rows of one of ours, without its name.</summary>
    private static IEnumerable<string> Of(IReadOnlyList<Row> rows, string ours) =>
        rows.Where(x => x.Name.EndsWith(": " + ours, StringComparison.Ordinal)).Select(x => $"{x.Name.Split(':')[0]} / {x.Beside}");

    private async Task<IReadOnlyList<Row>> RunAsync(params string[] args)
    {
        using var results = new TempFolder();
        var json = results.File("rows.json");
        var code = await BenchmarkProgram.RunAsync([.. args, "--quick", "--json", json], output, TestContext.Current.CancellationToken);
        Assert.True(code == 0, output.ToString());
        var shape = JsonSerializer.Deserialize<Rows>(await File.ReadAllTextAsync(json), JsonSerializerOptions.Web);
        Assert.NotNull(shape);
        Assert.All(shape.Items, x => Assert.True(x.Ratio is null || (x.Min <= x.Ratio && x.Ratio <= x.Max)));
        Assert.All(shape.Items, x => Assert.Equal(x.Goal is not null && x.Ratio is not null, x.Met is not null));
        return shape.Items;
    }

    private sealed record Rows([property: System.Text.Json.Serialization.JsonPropertyName("rows")] IReadOnlyList<Row> Items);

    private sealed record Row(string Name, string Beside, double? Ratio, double? Min, double? Max, double? Goal, bool? Met);
}
