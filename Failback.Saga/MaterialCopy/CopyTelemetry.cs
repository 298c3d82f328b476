using System.Diagnostics.Metrics;
using Failback.Messages;
using MassTransit;

namespace Failback.Saga;

/// <summary>What can be counted of material copy, meter <c>Failback.Saga.Copy</c>; no id is a tag.</summary>
internal static class CopyTelemetry
{
    private static readonly Meter Meter = new("Failback.Saga.Copy");

    private static readonly Counter<long> PassedEvents = Meter.CreateCounter<long>(
        "failback.copy.events.passed",
        "{event}",
        "Events that meant nothing in the state of the material copy: late, early or repeated."
    );

    private static readonly Counter<long> Answers = Meter.CreateCounter<long>(
        "failback.copy.slices.answered",
        "{slice}",
        "Answered slices by outcome; stale ones changed nothing."
    );

    private static readonly Counter<long> Sent = Meter.CreateCounter<long>(
        "failback.copy.slices.sent",
        "{slice}",
        "Slices handed out to workers."
    );

    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>(
        "failback.copy.settled.bytes",
        "By",
        "Recording bytes of answers that the ledger took, by data kind; retried slices count with the workers only."
    );

    public static void Passed<T>(BehaviorContext<MaterialCopyState, T> context)
        where T : class => Passed(typeof(T).Name, context.Saga.CurrentState);

    public static void Passed(string happened, string state) =>
        PassedEvents.Add(1, new KeyValuePair<string, object?>("event", happened), new KeyValuePair<string, object?>("state", state));

    public static void Answered(DataKind kind, ChannelDataAnswered answer, bool stale)
    {
        Answers.Add(1, new KeyValuePair<string, object?>("outcome", stale ? "Stale" : answer.Outcome.ToString()));
        if (!stale)
            Bytes.Add(answer.BytesCopied, new KeyValuePair<string, object?>("kind", kind.ToString()));
    }

    public static void HandedOut(int slices) => Sent.Add(slices);
}
