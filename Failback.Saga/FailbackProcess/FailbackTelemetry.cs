using System.Diagnostics.Metrics;
using MassTransit;

namespace Failback.Saga;

/// <summary>What can be counted of failbacks, meter <c>Failback.Saga.Failback</c>; no id is a tag.</summary>
internal static class FailbackTelemetry
{
    private static readonly Meter Meter = new("Failback.Saga.Failback");

    private static readonly Counter<long> Unhandled = Meter.CreateCounter<long>(
        "failback.unhandled.events",
        "{event}",
        "Events that meant nothing in the state of the failback: late, early or repeated."
    );

    private static readonly Counter<long> Moves = Meter.CreateCounter<long>("failback.moves", "{move}", "Changes of state of failbacks.");

    public static void Passed<T>(BehaviorContext<FailbackState, T> context)
        where T : class => Passed(typeof(T).Name, context.Saga.CurrentState);

    public static void Passed(string happened, string state) =>
        Unhandled.Add(1, new KeyValuePair<string, object?>("event", happened), new KeyValuePair<string, object?>("state", state));

    public static void Moved(string before, string after) =>
        Moves.Add(1, new KeyValuePair<string, object?>("from", before), new KeyValuePair<string, object?>("to", after));
}
