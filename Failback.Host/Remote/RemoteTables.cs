using System.Globalization;
using Failback.Messages;
using Failback.Saga;
using Spectre.Console;

namespace Failback.Host;

/// <summary>Tables of what the API says; what others wrote steers no terminal (T18).</summary>
internal static class RemoteTables
{
    /// <summary>Columns where nobody has a terminal: a line stays a line in a file.</summary>
    private const int WideEnough = 200;

    public static void Log(LogPage page)
    {
        var table = Table("entry", "failed recorder", "failover server", "since", "failover", "failback", "material copy");
        foreach (var (entry, failed, server, copy) in page.Rows)
            Row(
                table,
                entry.EntryId.ToString(),
                failed,
                server,
                At(entry.FailoverStartedAt),
                entry.Failover,
                entry.FailbackReason is { } reason ? $"{entry.Failback} ({reason})" : entry.Failback,
                copy is null
                    ? $"{entry.MaterialCopy}"
                    : $"{copy.Status} {Percent(copy)}{(copy is { Status: "Succeeded", Doubted: true } ? " (doubted)" : "")}"
            );
        Show(table);
        Console.WriteLine($"{page.Rows.Count} shown; {page.Active} active, {page.Finalised} finalised");
    }

    public static void Recorders(IReadOnlyList<RecorderRow> rows)
    {
        var table = Table("recorder", "name", "role", "connected", "automatic failback", "stands in for", "holds", "copies");
        foreach (var x in rows)
            Row(
                table,
                x.Recorder.RecorderId,
                x.Recorder.Name,
                x.Recorder.Role,
                x.Recorder.Connected ? "yes" : "no",
                x.AutomaticFailback ? "on" : "off",
                string.Join(", ", x.StandsInFor),
                $"{x.Holds}",
                $"{x.Copies}"
            );
        Show(table);
    }

    public static void Queues(QueuesView answer)
    {
        var table = Table("queue", "kind", "messages");
        foreach (var x in answer.Rows)
            Row(table, x.Queue, x.Kind, $"{x.Messages}");
        Show(table);
        Console.WriteLine(
            answer.InMemory ? "The bus is in memory: it has no queues to look into."
            : answer.LookedAt is { } at ? $"as looked at {At(at)}; failback queues show, with the broker's address, says what they are"
            : "Nobody has looked yet: no saga process reached the broker since it began."
        );
    }

    public static void Plan(IReadOnlyList<CheckView> checks, RecordersInspected found)
    {
        var table = Table("check", "outcome");
        foreach (var check in checks)
            Row(table, check.Id, check.Reason?.ToString() ?? "passed");
        Show(table);
        var recorders = Table("recorder", "reached", "itself", "role", "records", "version", "clock");
        foreach (var x in new[] { found.Recorder, found.FailoverServer })
            Row(
                recorders,
                x.RecorderId,
                x.Reachable ? "yes" : "no",
                x.IdentityMatches ? "yes" : "no",
                x.LiveRole ?? "",
                x.Recording ? "yes" : "no",
                x.SoftwareVersion ?? "",
                $"{x.ClockOffsetMilliseconds} ms"
            );
        Show(recorders);
        Console.WriteLine(
            $"to copy: {found.Items} items of {found.ChannelCopies} channel copies, {(found.Bytes / 1e6).ToString("0.0", CultureInfo.InvariantCulture)} MB"
        );
        Console.WriteLine(found.Reason is { } reason ? $"would be refused: {reason}" : "the recorders would let it start");
    }

    public static string Percent(CopySummary copy) =>
        copy.Bytes > 0 ? $"{Math.Floor(Math.Min(1, (double)copy.BytesDone / copy.Bytes) * 100):0} %" : "";

    private static string At(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static Table Table(params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in columns)
            table.AddColumn(column);
        return table;
    }

    private static void Row(Table table, params string[] cells) =>
        table.AddRow([.. cells.Select(x => Markup.Escape(Printable.Line(x, 80)))]);

    private static void Show(Table table)
    {
        var console = AnsiConsole.Console;
        if (Console.IsOutputRedirected)
            console.Profile.Width = WideEnough;
        console.Write(table);
    }
}
