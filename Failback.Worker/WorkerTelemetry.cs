using System.Diagnostics;
using System.Diagnostics.Metrics;
using Failback.Messages;

namespace Failback.Worker;

/// <summary>What a worker measures; units are UCUM, and no id is ever a tag.</summary>
internal static class WorkerTelemetry
{
    public const string Name = "Failback.Worker";

    public static readonly ActivitySource Activities = new(Name);
    private static readonly Meter Meter = new(Name);

    public static readonly Counter<long> CopiedBytes = Meter.CreateCounter<long>(
        "failback.copy.bytes",
        "By",
        "Recording bytes committed on the recorder."
    );

    public static readonly Counter<long> Segments = Meter.CreateCounter<long>(
        "failback.copy.segments",
        "{segment}",
        "Items of settled slices by what became of them."
    );

    public static readonly Histogram<double> SliceDuration = Meter.CreateHistogram<double>(
        "failback.copy.slice.duration",
        "s",
        "From taking a slice to its answer."
    );

    public static void Count(DataKind kind, SliceResult result, TimeSpan took)
    {
        var tag = new KeyValuePair<string, object?>("kind", kind.ToString());
        CopiedBytes.Add(result.BytesCopied, tag);
        Add("copied", result.Copied);
        Add("already_there", result.AlreadyThere);
        Add("conflict", result.Conflicts);
        Add("missing", result.Missing.Sum(x => x.Items));
        SliceDuration.Record(took.TotalSeconds, tag, new KeyValuePair<string, object?>("outcome", result.Outcome.ToString()));

        void Add(string what, long count)
        {
            if (count > 0)
                Segments.Add(count, tag, new KeyValuePair<string, object?>("result", what));
        }
    }
}
