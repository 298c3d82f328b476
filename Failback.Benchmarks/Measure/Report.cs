using System.Globalization;
using System.Text.Json;

namespace Failback.Benchmarks;

/// <summary>What is printed and written.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task WriteJsonAsync(IEnumerable<Ratio> rows, string file, CancellationToken token)
    {
        var shape = new
        {
            rows = rows.Select(x => new
            {
                name = x.Name,
                beside = x.Beside,
                ratio = Rounded(x.Median),
                min = Rounded(x.Min),
                max = Rounded(x.Max),
                goal = x.Goal,
                met = x.Met,
            }),
        };
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(shape, Indented) + "\n", token);
    }

    public static void PrintGoals(IEnumerable<Ratio> rows, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine("Goals (ratio of each round, median; min and max):");
        foreach (var row in rows.Where(x => x.Goal is not null))
            output.WriteLine($"  {Verdict(row), -8} {row.Name} beside {row.Beside}: {Text(row)}, goal {Number(row.Goal)}");
    }

    /// <summary>Columns as wide as their widest cell; the first two to the left, numbers to the right.</summary>
    public static void PrintTable(IReadOnlyList<string> head, IReadOnlyList<IReadOnlyList<string>> lines, TextWriter output)
    {
        var widths = head.Select((x, i) => Math.Max(x.Length, lines.Max(line => line[i].Length))).ToArray();
        foreach (var line in lines.Prepend(head))
        {
            var cells = line.Select((x, i) => i == 0 ? x.PadRight(widths[i]) : x.PadLeft(widths[i]));
            output.WriteLine(("  " + string.Join("  ", cells)).TrimEnd());
        }
    }

    public static string Text(Ratio row) =>
        row.Median is null ? "not here" : $"{Number(row.Median)} ({Number(row.Min)} to {Number(row.Max)})";

    public static string Number(double? value) =>
        value is not { } number ? "-"
        : Math.Abs(number) >= 100 ? number.ToString("F0", CultureInfo.InvariantCulture)
        : number.ToString(Math.Abs(number) < 1 ? "F3" : "F2", CultureInfo.InvariantCulture);

    private static string Verdict(Ratio row) =>
        row.Met switch
        {
            true => "met",
            false => "NOT MET",
            null => "-",
        };

    private static double? Rounded(double? value) => value is { } number ? Math.Round(number, 4) : null;
}
