namespace Failback.Saga;

/// <summary>The states of a failback, as the rows keep them.</summary>
internal static class FailbackStates
{
    public const string Initial = "Initial";
    public const string Waiting = "Waiting";
    public const string Restoring = "Restoring";
    public const string Releasing = "Releasing";

    /// <summary>Over: the instance goes, the log keeps the outcome.</summary>
    public const string Final = "Final";
}

/// <summary>What was decided: the failback as it is now, its state included, and what that does to the world.</summary>
/// <param name="State">The failback after the event.</param>
/// <param name="Effects">Applied in the transaction of the event.</param>
/// <param name="Ignored">The event means nothing here: late, early or repeated. It is counted.</param>
internal sealed record FailbackDecision(FailbackState State, IReadOnlyList<Effect> Effects, bool Ignored = false)
{
    public static FailbackDecision Ignore(FailbackState state) => new(state, [], Ignored: true);

    public static FailbackDecision Stay(FailbackState state, params IEnumerable<Effect> effects) => new(state, [.. effects]);

    public static FailbackDecision Over(FailbackState state, params IEnumerable<Effect> effects) =>
        new(state with { CurrentState = FailbackStates.Final }, [.. effects]);

    public FailbackDecision And(params IEnumerable<Effect> more) => this with { Effects = [.. Effects, .. more] };
}
