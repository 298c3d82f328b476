namespace Failback.Benchmarks;

/// <summary>Where it was measured; a number without its machine says nothing.</summary>
internal static class Machine
{
    public static void Print(TextWriter output)
    {
        output.WriteLine(
            $"Machine: {Environment.ProcessorCount} cores ({Processor()}), kernel {FirstLine("/proc/sys/kernel/osrelease")}, .NET {Environment.Version}, load {Load()}"
        );
    }

    /// <summary>Processes that ran or waited in the last 1, 5 and 15 minutes, and the share of time that something waited for a core.</summary>
    public static string Load()
    {
        var load = string.Join(' ', FirstLine("/proc/loadavg").Split(' ').Take(3));
        var pressure = FirstLine("/proc/pressure/cpu").Split(' ').FirstOrDefault(x => x.StartsWith("avg10=", StringComparison.Ordinal));
        return pressure is null ? load : $"{load}, waiting for a core {pressure["avg10=".Length..]} % of the last 10 s";
    }

    private static string Processor() =>
        File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(x => x.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[1]
                ?? "unknown"
            : "unknown";

    private static string FirstLine(string file)
    {
        try
        {
            return File.ReadLines(file).FirstOrDefault() ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
