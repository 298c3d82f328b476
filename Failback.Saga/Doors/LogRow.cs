namespace Failback.Saga;

/// <summary>An entry with the names of its recorders and its material copy: its own, or that which inherited its period (D6).</summary>
public sealed record LogRow(LogEntryView Entry, string FailedRecorderName, string FailoverServerName, CopySummary? Copy)
{
    /// <summary>R42: what a person has to confirm before a failback of it can start; null when nothing.</summary>
    public AddressChange? AddressChange { get; init; }
}
