using System.Globalization;

namespace Failback.Benchmarks;

/// <summary>What the kernel says about processes; zero where there is no /proc.</summary>
internal static class Processes
{
    private const double TicksPerSecond = 100;

    /// <summary>User and system seconds of a process, of its living descendants, and of those of theirs that ended.</summary>
    public static double CpuSecondsOfTree(int processId)
    {
        var all = ReadAll();
        if (!all.TryGetValue(processId, out var root))
            return 0;
        var children = all.Values.ToLookup(x => x.Parent);
        var sum = 0.0;
        var open = new Stack<Stat>([root]);
        while (open.TryPop(out var next))
        {
            sum += next.Own + next.Ended;
            foreach (var child in children[next.Id])
                open.Push(child);
        }
        return sum;
    }

    /// <summary>User and system seconds of those children of this process that ended: what the commands of a run cost.</summary>
    public static double CpuSecondsOfEndedChildren() => Read("/proc/self/stat")?.Ended ?? 0;

    /// <summary>The most memory that a process ever held, in MB; zero when unknown.</summary>
    public static double PeakMegabytes(int processId)
    {
        var file = $"/proc/{processId}/status";
        if (!File.Exists(file))
            return 0;
        var line = File.ReadLines(file).FirstOrDefault(x => x.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line is null
            ? 0
            : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    private static Dictionary<int, Stat> ReadAll()
    {
        var all = new Dictionary<int, Stat>();
        if (!Directory.Exists("/proc"))
            return all;
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (char.IsAsciiDigit(Path.GetFileName(directory)[0]) && Read($"{directory}/stat") is { } stat)
                all[stat.Id] = stat;
        }
        return all;
    }

    private static Stat? Read(string file)
    {
        try
        {
            var text = File.ReadAllText(file);
            // The name stands in brackets and may hold anything; fields are counted after it.
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            double Seconds(int field) => double.Parse(fields[field - 3], CultureInfo.InvariantCulture) / TicksPerSecond;
            return new(
                int.Parse(text.AsSpan(0, text.IndexOf(' ')), CultureInfo.InvariantCulture),
                int.Parse(fields[1], CultureInfo.InvariantCulture),
                Seconds(14) + Seconds(15),
                Seconds(16) + Seconds(17)
            );
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private sealed record Stat(int Id, int Parent, double Own, double Ended);
}
