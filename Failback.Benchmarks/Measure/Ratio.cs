namespace Failback.Benchmarks;

/// <summary>One line of the outcome: how many times as fast ours was beside another, over the rounds.</summary>
/// <param name="Name">The workload.</param>
/// <param name="Beside">The other one.</param>
/// <param name="Median">Median of the ratios of the rounds; null when the other one is not here.</param>
/// <param name="Goal">Null when the row is shown for comparison only.</param>
internal sealed record Ratio(string Name, string Beside, double? Median, double? Min, double? Max, double? Goal)
{
    /// <summary>Null when there is no goal or nothing was measured.</summary>
    public bool? Met => Goal is { } goal && Median is { } median ? median >= goal : null;

    /// <summary>Ratios round by round: values of the same round only, because the machine differs from round to round.</summary>
    public static Ratio Of(string name, string beside, IReadOnlyList<double> ours, IReadOnlyList<double> theirs, double? goal)
    {
        // What the system's clock counts as nothing was not measured: small sizes use less CPU than a tick of it.
        var ratios = theirs.Zip(ours).Where(x => x is { First: > 0, Second: > 0 }).Select(x => x.First / x.Second).ToArray();
        return ratios.Length == 0
            ? new(name, beside, null, null, null, goal)
            : new(name, beside, Statistics.Median(ratios), ratios.Min(), ratios.Max(), goal);
    }
}

internal static class Statistics
{
    /// <summary>The middle value, or the mean of the two middle ones.</summary>
    public static double Median(IReadOnlyCollection<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfZero(values.Count);
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The value that this part of them does not exceed: 0.95 is the 95th percentile, by the nearest rank.</summary>
    public static double Part(IReadOnlyCollection<double> values, double part)
    {
        ArgumentOutOfRangeException.ThrowIfZero(values.Count);
        return values.Order().ElementAt(Math.Max(1, (int)Math.Ceiling(part * values.Count)) - 1);
    }
}
