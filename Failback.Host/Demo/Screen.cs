using System.Globalization;
using Failback.Messages;
using Failback.Saga;
using Spectre.Console;

namespace Failback.Host;

/// <summary>What people see of the story: lines, live progress, and the coverage table. Says nothing under <c>--json</c>.</summary>
internal sealed class Screen(DemoOptions options, TimeProvider time)
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(250);

    /// <summary>Columns where nobody has a terminal: a line stays a line in a file.</summary>
    private const int WideEnough = 140;
    private readonly IAnsiConsole console = Wide(AnsiConsole.Console);

    public static bool Interactive => !Console.IsInputRedirected && !Console.IsOutputRedirected;

    public void Say(string text)
    {
        if (!options.Json)
            console.MarkupLineInterpolated($"[grey]{time.GetUtcNow():HH:mm:ss}[/] {text}");
    }

    /// <summary>Runs an action when a person presses Enter; nothing where nobody can.</summary>
    public void OnEnter(Func<IEnumerable<Task>> action)
    {
        if (!Interactive || options.Json)
            return;
        _ = Task.Run(async () =>
        {
            Console.ReadLine();
            await Task.WhenAll(action());
        });
    }

    /// <summary>Follows the material copies until they ended: percent, rate and time left.</summary>
    public async Task FollowAsync(Story story, IRead read, CancellationToken token)
    {
        if (options.Json)
            return;
        if (!Interactive)
        {
            await FollowLinesAsync(story, read, token);
            return;
        }
        await console
            .Progress()
            .Columns(
                new TaskDescriptionColumn(),
                new ProgressBarColumn(),
                new PercentageColumn(),
                new TransferSpeedColumn(),
                new RemainingTimeColumn()
            )
            .StartAsync(async live =>
            {
                var bars = story.Outages.ToDictionary(
                    x => x.EntryId,
                    x => live.AddTask(Markup.Escape($"{x.StandIn.Name} -> {x.Failed.Name}"))
                );
                while (!await story.AllAsync(x => Story.Ended(x.MaterialCopy), token))
                {
                    await UpdateAsync(bars, read, token);
                    await Task.Delay(Refresh, time, token);
                }
                await UpdateAsync(bars, read, token);
            });
    }

    public void End(Summary summary)
    {
        if (options.Json)
        {
            Console.WriteLine(summary.ToJson());
            return;
        }
        foreach (var entry in summary.Entries)
            console.MarkupLineInterpolated(
                $"[bold]{(entry.Failback == "Succeeded" ? "Failback OK" : $"Failback failed: {entry.Reason}")}[/]  {entry.Recorder}  start {entry.StartedAt:yyyy-MM-dd HH:mm:ss}Z  end {entry.EndedAt:HH:mm:ss}Z  duration {(entry.EndedAt - entry.StartedAt)?.TotalSeconds:0.0} s"
            );
        console.Write(Table(summary));
        console.MarkupLineInterpolated(
            $"Material copy {string.Join(", ", summary.Entries.Select(x => x.MaterialCopy).Distinct())}: {summary.Segments} items, {Size(summary.Bytes)}, {summary.ChannelCopies.Sum(x => x.Missing)} missing, {summary.SystemChanges.Count} changes told"
        );
    }

    /// <summary>Where to ask the recorders, once the story is over.</summary>
    public void Serving(Summary summary)
    {
        foreach (var recorder in summary.Recorders)
            Say($"{recorder.Name} ({recorder.Role}) answers at {recorder.BaseAddress}");
        Say("Ctrl-C ends the demo");
    }

    private async Task FollowLinesAsync(Story story, IRead read, CancellationToken token)
    {
        var since = time.GetTimestamp();
        var said = TimeSpan.Zero;
        while (true)
        {
            var ended = await story.AllAsync(x => Story.Ended(x.MaterialCopy), token);
            var elapsed = time.GetElapsedTime(since);
            if (ended || elapsed - said >= TimeSpan.FromSeconds(1))
            {
                said = elapsed;
                foreach (var outage in story.Outages)
                    if (await read.MaterialCopyAsync(outage.EntryId, token) is { } copy)
                        Say(Line(outage, copy, elapsed));
            }
            if (ended)
                return;
            await Task.Delay(Refresh, time, token);
        }
    }

    private static string Line(Outage outage, MaterialCopyView copy, TimeSpan elapsed)
    {
        var (done, all) = Share(copy);
        var bytes = copy.ChannelCopies.Sum(x => x.BytesCopied);
        var share = all == 0 ? 1 : (double)done / all;
        var left = share > 0 ? TimeSpan.FromSeconds(elapsed.TotalSeconds * (1 - share) / share) : (TimeSpan?)null;
        var rate = Size((long)(bytes / Math.Max(elapsed.TotalSeconds, 0.001)));
        return $"  {outage.StandIn.Name} -> {outage.Failed.Name}  {Bar(share)} {Math.Floor(share * 100), 3:0} %  {rate}/s  {(left is { } x ? $"{x:mm\\:ss} left" : "")}";
    }

    public static IAnsiConsole Wide(IAnsiConsole console)
    {
        if (!Interactive)
            console.Profile.Width = WideEnough;
        return console;
    }

    private static string Bar(double share) => new string('#', (int)(share * 24)).PadRight(24, '.');

    private static async Task UpdateAsync(Dictionary<Guid, ProgressTask> bars, IRead read, CancellationToken token)
    {
        foreach (var (entry, bar) in bars)
            if (await read.MaterialCopyAsync(entry, token) is { } copy)
            {
                var (done, all) = Share(copy);
                bar.MaxValue = Math.Max(all, 1);
                bar.Value = all == 0 && copy.Status != "Succeeded" ? 0 : Math.Max(done, all == 0 ? 1 : 0);
            }
    }

    /// <summary>Bytes settled and planned; what the recorder already had counts as settled.</summary>
    private static (long Done, long All) Share(MaterialCopyView copy) =>
        (
            copy.ChannelCopies.Sum(x => x.Status is "Succeeded" or "Partial" ? x.PlannedBytes : Math.Min(x.BytesCopied, x.PlannedBytes)),
            copy.ChannelCopies.Sum(x => x.PlannedBytes)
        );

    private static Table Table(Summary summary)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumns("recorder", "channel", "kind");
        foreach (var number in new[] { "expected", "copied", "had", "missing", "verified" })
            table.AddColumn(new TableColumn(number).RightAligned());
        foreach (var x in summary.ChannelCopies.OrderBy(x => x.Recorder).ThenBy(x => x.Channel, StringComparer.Ordinal).ThenBy(x => x.Kind))
            table.AddRow(
                Markup.Escape(x.Recorder),
                Markup.Escape(x.Channel),
                x.Kind.ToString().ToLowerInvariant(),
                Number(x.Expected),
                Number(x.Copied),
                Number(x.AlreadyThere),
                Number(x.Missing + x.Conflicts),
                x.Verified == x.Expected ? Number(x.Verified) + " ok" : $"[red]{Number(x.Verified)}[/]"
            );
        return table;
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Size(long bytes) =>
        bytes < 1_000_000 ? $"{bytes / 1e3:0} kB"
        : bytes < 1_000_000_000 ? $"{bytes / 1e6:0.0} MB"
        : $"{bytes / 1e9:0.00} GB";
}
