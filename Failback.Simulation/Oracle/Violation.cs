namespace Failback.Simulation;

/// <summary>An invariant of docs/failures.md was broken.</summary>
internal sealed class ViolationException(string invariant, string what) : Exception($"{invariant}: {what}")
{
    public string Invariant { get; } = invariant;
}
