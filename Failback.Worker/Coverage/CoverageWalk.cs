using System.Runtime.CompilerServices;
using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>
/// One track of both recorders, or of the recorder alone, start by start; memory holds a page of each, one handful, and what is listed of
/// one start.
/// </summary>
internal sealed class CoverageWalk(RecorderLink? source, RecorderLink recorder, TrackPeriod period, CoverageEvidence evidence, Seen seen)
{
    /// <summary>Items and bytes whose contents are asked for at once.</summary>
    private const int HandfulItems = 1_000;
    private const long HandfulBytes = 32L << 20;

    /// <summary>Items of one start; a recorder that lists more is not believed.</summary>
    private const int MostOfAStart = 100_000;

    private bool Records => period.Track.Kind.HoldsRecords();

    /// <summary>The items of one start after the other, marked.</summary>
    /// <exception cref="SideException">A recorder could not be read.</exception>
    public async IAsyncEnumerable<IReadOnlyList<MarkedItem>> StartsAsync([EnumeratorCancellation] CancellationToken token)
    {
        var (handful, items, bytes) = (new List<List<ListedItem>>(), 0L, 0L);
        await foreach (var (theirs, ours) in SideBySideAsync(token))
        {
            var some = TrackLedger.Compare(Records, theirs, ours).ToList();
            if (some.Count == 0)
                continue;
            handful.Add(some);
            (items, bytes) = (items + some.Count, bytes + some.Sum(x => x.Entry.Length));
            if (items < HandfulItems && bytes < HandfulBytes)
                continue;
            foreach (var start in await MarkedAsync(handful, token))
                yield return start;
            seen.Add(period.Track.TrackId, items, bytes);
            (items, bytes) = (0, 0);
            handful.Clear();
        }
        foreach (var start in await MarkedAsync(handful, token))
            yield return start;
        seen.Add(period.Track.TrackId, items, bytes);
    }

    /// <summary>What both have of each start, in order of the starts.</summary>
    private async IAsyncEnumerable<(List<ItemEntry> Theirs, List<ItemEntry> Ours)> SideBySideAsync(
        [EnumeratorCancellation] CancellationToken token
    )
    {
        await using var theirs = source?.ItemsAsync(period, token).GetAsyncEnumerator(token);
        await using var ours = recorder.ItemsAsync(period, token).GetAsyncEnumerator(token);
        var moreOfTheirs = theirs is not null && await theirs.MoveNextAsync();
        var moreOfOurs = await ours.MoveNextAsync();
        while (moreOfTheirs || moreOfOurs)
        {
            var start =
                !moreOfTheirs ? ours.Current.Start
                : !moreOfOurs || theirs!.Current.Start < ours.Current.Start ? theirs!.Current.Start
                : ours.Current.Start;
            var some = (Theirs: new List<ItemEntry>(), Ours: new List<ItemEntry>());
            for (; moreOfTheirs && theirs!.Current.Start == start; moreOfTheirs = await theirs.MoveNextAsync())
                Take(source!, some.Theirs, theirs.Current);
            for (; moreOfOurs && ours.Current.Start == start; moreOfOurs = await ours.MoveNextAsync())
                Take(recorder, some.Ours, ours.Current);
            yield return some;
        }
    }

    private static void Take(RecorderLink link, List<ItemEntry> some, ItemEntry item)
    {
        if (some.Count == MostOfAStart)
            throw new SideException(link.Side, RecorderFault.BadAnswer, $"{link.Id} lists more than {MostOfAStart} items of one start");
        some.Add(item);
    }

    private async Task<IEnumerable<IReadOnlyList<MarkedItem>>> MarkedAsync(List<List<ListedItem>> handful, CancellationToken token)
    {
        var read = evidence == CoverageEvidence.Contents;
        var all = handful.SelectMany(x => x).ToList();
        var here = read
            ? await new Contents(recorder, period.Track).ReadAsync([.. all.Where(x => x.Here).Select(x => x.Entry)], token)
            : [];
        var lost =
            read && source is not null
                ? await new Contents(source, period.Track).ReadAsync(
                    [.. all.Where(x => x.Mark == CoverageMark.Missing).Select(x => x.Entry)],
                    token
                )
                : [];
        return handful.Select(some => (IReadOnlyList<MarkedItem>)[.. some.Select(Marked)]);

        MarkedItem Marked(ListedItem x)
        {
            if (!x.Here)
                return new MarkedItem(
                    x.Entry,
                    lost.TryGetValue(Contents.Key(x.Entry), out var there) && !there.IsGood ? CoverageMark.DamagedAtSource : x.Mark,
                    x.AtSource,
                    null
                );
            if (!read)
                return new MarkedItem(x.Entry, x.Mark, x.AtSource, CoverageRoot.Leaf(x.Entry, null));
            var content = here.GetValueOrDefault(Contents.Key(x.Entry));
            return new MarkedItem(
                x.Entry,
                content is { IsGood: true } ? x.Mark : CoverageMark.DamagedAtRecorder,
                x.AtSource,
                CoverageRoot.Leaf(x.Entry, content?.Sha256 ?? new byte[CoverageRoot.HashBytes])
            );
        }
    }
}
