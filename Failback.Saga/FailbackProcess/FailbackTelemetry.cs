using System.Diagnostics.Metrics;
using MassTransit;

namespace Failback.Saga;

/// <summary>What can be counted of the failback process, meter <c>Failback.Saga</c>; no id is a tag.</summary>
internal static class FailbackTelemetry
{
    public const string MeterName = "Failback.Saga";
    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Unhandled = Meter.CreateCounter<long>(
        "failback.unhandled.events",
        "{event}",
        "Events that meant nothing in the state of the failback: late, early or repeated."
    );

    private static readonly Counter<long> Requests = Meter.CreateCounter<long>(
        "failback.requests",
        "{request}",
        "Failbacks by trigger and outcome: Started, Completed, or the reason why not."
    );

    private static readonly Counter<long> RefusedMessages = Meter.CreateCounter<long>(
        "failback.refused.messages",
        "{message}",
        "Messages from controllers that were refused, by message and reason."
    );

    public static void Passed<T>(BehaviorContext<FailbackState, T> context)
        where T : class => Passed(context.Saga.CurrentState, typeof(T).Name);

    public static void Passed(string state, string happened) =>
        Unhandled.Add(1, new KeyValuePair<string, object?>("state", state), new KeyValuePair<string, object?>("event", happened));

    public static void Asked(string trigger, string outcome) =>
        Requests.Add(1, new KeyValuePair<string, object?>("trigger", trigger), new KeyValuePair<string, object?>("outcome", outcome));

    public static void Refused(string message, string reason) =>
        RefusedMessages.Add(1, new KeyValuePair<string, object?>("message", message), new KeyValuePair<string, object?>("reason", reason));
}
