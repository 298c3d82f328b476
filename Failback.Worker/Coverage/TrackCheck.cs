using System.Security.Cryptography;
using Failback.Messages;

namespace Failback.Worker;

/// <summary>Holds what a recorder has now against one track of a report, stretch by stretch.</summary>
internal sealed class TrackCheck(CoverageTrack track)
{
    private readonly CoverageRoot root = new();
    private readonly List<CoverageDifference> found = [];
    private readonly Stretch[] stretches = [.. track.Spans.Select(x => new Stretch(x))];
    private readonly HashSet<(DateTimeOffset, string)> known =
    [
        .. track.Faults.Where(x => x.Mark == CoverageMark.DamagedAtRecorder).Select(x => (x.Start, x.Digest)),
    ];
    private int at = -1;

    /// <summary>All items of one start; starts come in order.</summary>
    public void Add(IReadOnlyList<MarkedItem> some)
    {
        var start = some[0].Entry.Start;
        while (at + 1 < stretches.Length && stretches[at + 1].Span.From <= start)
            at++;
        foreach (var item in some)
        {
            root.Add(item.Leaf!);
            // What the report says itself is no difference, while it is the same damage: its stretch tells.
            if (item.Mark == CoverageMark.DamagedAtRecorder && !known.Contains((start, item.Entry.Digest)))
                Find(start, item.Entry.End, CoverageChange.Damaged);
            else if (at < 0)
                Find(start, item.Entry.End, CoverageChange.Added);
            if (at >= 0)
                stretches[at].Add(item.Leaf!);
        }
    }

    /// <summary>What is not as the report says; each damaged item by name, the others by their stretch.</summary>
    public IReadOnlyList<CoverageDifference> Differences()
    {
        foreach (var stretch in stretches)
            if (stretch.Change() is { } change)
                Find(stretch.Span.From, stretch.Span.To, change);
        // A report whose stretches agree and whose root does not contradicts itself.
        if (found.Count == 0 && root.Text != track.Root)
            Find(track.From, track.To, CoverageChange.Changed);
        return found;
    }

    private void Find(DateTimeOffset from, DateTimeOffset to, CoverageChange change)
    {
        if (found.Count < CoverageTrack.MostFaults)
            found.Add(new CoverageDifference(track, from, to, change));
    }

    private sealed class Stretch(CoverageSpan span)
    {
        private readonly IncrementalHash digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private long held;

        public CoverageSpan Span => span;

        public void Add(byte[] leaf)
        {
            digest.AppendData(leaf);
            held++;
        }

        /// <summary>Null when it is as it was.</summary>
        public CoverageChange? Change()
        {
            var same = Convert.ToHexStringLower(digest.GetHashAndReset()) == span.Digest;
            digest.Dispose();
            return held < span.Held ? CoverageChange.Gone
                : held > span.Held ? CoverageChange.Added
                : same ? null
                : CoverageChange.Changed;
        }
    }
}
