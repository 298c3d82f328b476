using System.Security.Cryptography;
using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>An item of either recorder and what their listings say of it.</summary>
/// <param name="AtSource">The failover server has it.</param>
/// <param name="Here">The recorder has it.</param>
internal sealed record ListedItem(ItemEntry Entry, CoverageMark Mark, bool AtSource, bool Here);

/// <summary>An item of either recorder and what became of it, its contents read where they are.</summary>
/// <param name="AtSource">The failover server has it.</param>
/// <param name="Leaf">The hash of its leaf; null when the recorder does not have it.</param>
internal sealed record MarkedItem(ItemEntry Entry, CoverageMark Mark, bool AtSource, byte[]? Leaf);

/// <summary>The book of one track: start by start into counts, stretches, faults and the root. Memory is bounded whatever the track has.</summary>
/// <param name="source">Whose period it is.</param>
/// <param name="mostSpans">Beyond it, the rest is one stretch under its gravest mark.</param>
/// <param name="mostFaults">Beyond it, what is not home is counted and not named.</param>
internal sealed class TrackLedger(CopySource source, int mostSpans, int mostFaults)
{
    /// <summary>A longer gap ends a stretch: one that a picture shows.</summary>
    private readonly TimeSpan gap = (source.To - source.From) / CoverageTrack.PictureColumns;
    private readonly SortedDictionary<CoverageMark, long> items = [];
    private readonly SortedDictionary<CoverageMark, long> bytes = [];
    private readonly List<CoverageSpan> spans = [];
    private readonly List<CoverageFault> faults = [];
    private readonly CoverageRoot root = new();
    private IncrementalHash? digest;
    private CoverageSpan? open;
    private long sourceItems;

    /// <summary>
    /// What the two recorders have of one start, each item once, by digest. Two segments of one start are a conflict, two records are two
    /// records (D17); the same content under another length or duration is no copy. What a failover server lists and cannot be is damaged.
    /// </summary>
    public static IEnumerable<ListedItem> Compare(bool records, IReadOnlyList<ItemEntry> theirs, IReadOnlyList<ItemEntry> ours)
    {
        foreach (var unsound in theirs.Where(x => !x.IsSound()))
            yield return new ListedItem(
                unsound with
                {
                    Duration = default,
                    Length = 0,
                    Digest = "",
                },
                CoverageMark.DamagedAtSource,
                true,
                false
            );
        var there = theirs.Where(x => x.IsSound()).DistinctBy(x => x.Digest).ToDictionary(x => x.Digest, StringComparer.Ordinal);
        var here = ours.Where(x => x.IsSound()).DistinctBy(x => x.Digest).ToDictionary(x => x.Digest, StringComparer.Ordinal);
        foreach (var key in there.Keys.Union(here.Keys).Order(StringComparer.Ordinal))
        {
            var (their, our) = (there.GetValueOrDefault(key), here.GetValueOrDefault(key));
            yield return new ListedItem((our ?? their)!, MarkOf(records, their, our, here.Count > 0), their is not null, our is not null);
        }
    }

    private static CoverageMark MarkOf(bool records, ItemEntry? their, ItemEntry? our, bool another) =>
        (their, our) switch
        {
            (_, null) => !records && another ? CoverageMark.Conflict : CoverageMark.Missing,
            (null, _) => CoverageMark.RecorderOnly,
            _ when their.Length != our.Length || their.Duration != our.Duration => CoverageMark.Conflict,
            _ => our.SourceRecorderId is null ? CoverageMark.Same : CoverageMark.Copied,
        };

    /// <summary>All items of one start; starts come in order.</summary>
    public void Add(IReadOnlyList<MarkedItem> some)
    {
        var mark = some.Max(x => x.Mark);
        var (from, to) = (some[0].Entry.Start, some.Max(x => EndOf(x.Entry)));
        if (open is null || (open.Mark != mark || from - open.To > gap) && spans.Count < mostSpans - 1)
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
    /// <param name="counted">Items that the source had when they were copied.</param>
    public CoverageTrack Track(Track track, string name, long counted)
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
            SourceItems = sourceItems,
            CountedItems = counted,
            Faults = faults,
            Root = root.Text,
        };
    }

    private void Count(MarkedItem item)
    {
        sourceItems += item.AtSource ? 1 : 0;
        items[item.Mark] = items.GetValueOrDefault(item.Mark) + 1;
        bytes[item.Mark] = bytes.GetValueOrDefault(item.Mark) + item.Entry.Length;
        if (item.Mark >= CoverageMark.Conflict && faults.Count < mostFaults)
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
