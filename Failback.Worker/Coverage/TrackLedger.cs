using System.Security.Cryptography;
using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>An item of either recorder and what became of it.</summary>
/// <param name="Leaf">The hash of its leaf; null when the recorder does not have it.</param>
internal sealed record MarkedItem(ItemEntry Entry, CoverageMark Mark, byte[]? Leaf);

/// <summary>The book of one track: start by start into counts, stretches, faults and the root. Memory is bounded whatever the track has.</summary>
internal sealed class TrackLedger
{
    private readonly SortedDictionary<CoverageMark, long> items = [];
    private readonly SortedDictionary<CoverageMark, long> bytes = [];
    private readonly List<CoverageSpan> spans = [];
    private readonly List<CoverageFault> faults = [];
    private readonly CoverageRoot root = new();
    private IncrementalHash? digest;
    private CoverageSpan? open;

    /// <summary>
    /// What the two recorders have of one start, each item once, by digest. Two segments of one start are a conflict, two records are two
    /// records (D17).
    /// </summary>
    public static IEnumerable<(ItemEntry Entry, CoverageMark Mark)> Compare(
        bool records,
        IReadOnlyList<ItemEntry> theirs,
        IReadOnlyList<ItemEntry> ours
    )
    {
        var source = theirs.Select(x => x.Digest).ToHashSet(StringComparer.Ordinal);
        var here = ours.DistinctBy(x => x.Digest).ToDictionary(x => x.Digest, StringComparer.Ordinal);
        foreach (
            var item in theirs
                .DistinctBy(x => x.Digest)
                .Where(x => !here.ContainsKey(x.Digest))
                .Concat(here.Values)
                .OrderBy(x => x.Digest, StringComparer.Ordinal)
        )
            yield return (
                item,
                !here.ContainsKey(item.Digest)
                    ? !records && ours.Count > 0
                        ? CoverageMark.Conflict
                        : CoverageMark.Missing
                    : !source.Contains(item.Digest)
                        ? CoverageMark.RecorderOnly
                        : item.SourceRecorderId is null
                            ? CoverageMark.Same
                            : CoverageMark.Copied
            );
    }

    /// <summary>All items of one start; starts come in order.</summary>
    public void Add(IReadOnlyList<MarkedItem> some)
    {
        var mark = some.Max(x => x.Mark);
        var (from, to) = (some[0].Entry.Start, some.Max(x => EndOf(x.Entry)));
        if (open is null || open.Mark != mark && spans.Count < CoverageTrack.MostSpans - 1)
        {
            Close();
            (open, digest) = (new CoverageSpan(from, to, mark, 0, 0, ""), IncrementalHash.CreateHash(HashAlgorithmName.SHA256));
        }
        foreach (var item in some)
            Count(item);
        open = open with
        {
            To = to > open.To ? to : open.To,
            Mark = mark > open.Mark ? mark : open.Mark,
            Items = open.Items + some.Count,
            Held = open.Held + some.Count(x => x.Leaf is not null),
        };
    }

    /// <summary>The coverage of what was added.</summary>
    public CoverageTrack Track(CopySource source, Track track, string name)
    {
        Close();
        return new CoverageTrack
        {
            EntryId = source.EntryId,
            SourceRecorderId = source.Source.RecorderId,
            OriginRecorderId = track.OriginRecorderId,
            Kind = (DataKind)(int)track.Kind,
            TrackId = track.TrackId,
            Name = name,
            From = source.From,
            To = source.To,
            Items = items,
            Bytes = bytes,
            Spans = spans,
            Faults = faults,
            Root = root.Text,
        };
    }

    private void Count(MarkedItem item)
    {
        items[item.Mark] = items.GetValueOrDefault(item.Mark) + 1;
        bytes[item.Mark] = bytes.GetValueOrDefault(item.Mark) + item.Entry.Length;
        if (item.Mark >= CoverageMark.Conflict && faults.Count < CoverageTrack.MostFaults)
            faults.Add(new CoverageFault(item.Entry.Start, item.Mark, item.Entry.Length, item.Entry.Digest));
        if (item.Leaf is null)
            return;
        root.Add(item.Leaf);
        digest!.AppendData(item.Leaf);
    }

    private void Close()
    {
        if (open is null)
            return;
        spans.Add(open with { Digest = Convert.ToHexStringLower(digest!.GetHashAndReset()) });
        digest.Dispose();
        (open, digest) = (null, null);
    }

    private static DateTimeOffset EndOf(ItemEntry item) => item.Duration > TimeSpan.Zero ? item.End : item.Start.AddTicks(1);
}
