namespace Failback.Simulation;

/// <summary>How a run ended.</summary>
/// <param name="Seed">What it was made of.</param>
/// <param name="Failure">The invariant that broke, or what nobody foresaw; null when all held.</param>
/// <param name="History">A digest of everything that happened, in its order (I20).</param>
/// <param name="Fired">Faults that struck, by kind.</param>
/// <param name="Elapsed">Virtual time.</param>
/// <param name="Messages">Messages handled.</param>
/// <param name="Moves">What the machines did.</param>
/// <param name="Story">The journal, when it was asked for.</param>
internal sealed record RunOutcome(
    ulong Seed,
    string? Failure,
    ulong History,
    long[] Fired,
    TimeSpan Elapsed,
    long Messages,
    IReadOnlySet<Move> Moves,
    IReadOnlyList<string> Story
);
