using System.Buffers;
using System.IO.Hashing;
using System.Security.Cryptography;
using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>Walks the listings of both recorders side by side and, when asked, reads what the recorder holds.</summary>
internal sealed class CoverageReader(IRecorderRegistry registry, Retries retries, TimeProvider clock) : ICoverage
{
    public async Task<CoverageReport> ReadAsync(CoverageRequest request, IProgress<CoverageProgress>? progress, CancellationToken token)
    {
        try
        {
            var recorder = RecorderLink.Open(registry, request.Recorder, Side.Recorder, retries);
            await recorder.StatusAsync(token);
            var (tracks, seen) = (new List<CoverageTrack>(), new Seen(progress));
            foreach (var source in request.Sources)
            {
                var link = RecorderLink.Open(registry, source.Source, Side.FailoverServer, retries);
                await link.StatusAsync(token);
                var names = await NamesAsync(link, source.OriginRecorderId, token);
                foreach (var track in await CopyPlanner.TracksAsync(link, source.OriginRecorderId, token))
                {
                    var ledger = new TrackLedger();
                    var walk = new CoverageWalk(link, recorder, new TrackPeriod(track, source.From, source.To), request.Evidence, seen);
                    await foreach (var some in walk.StartsAsync(token))
                        ledger.Add(some);
                    tracks.Add(ledger.Track(source, track, names.GetValueOrDefault(track.TrackId, "")));
                }
            }
            return new CoverageReport
            {
                Format = CoverageReport.Format1,
                EntryId = request.EntryId,
                At = clock.GetUtcNow(),
                RecorderId = request.Recorder.RecorderId,
                Evidence = request.Evidence,
                Tracks = tracks,
                Root = CoverageRoot.Of(tracks),
            };
        }
        catch (SideException fault)
        {
            throw new CoverageException(fault.Message, fault);
        }
    }

    public async Task<IReadOnlyList<CoverageDifference>> CheckAsync(
        CoverageReport report,
        RecorderAddress recorder,
        IProgress<CoverageProgress>? progress,
        CancellationToken token
    )
    {
        try
        {
            var link = RecorderLink.Open(registry, recorder, Side.Recorder, retries);
            await link.StatusAsync(token);
            var (differences, seen) = (new List<CoverageDifference>(), new Seen(progress));
            foreach (var track in report.Tracks)
            {
                var check = new TrackCheck(track);
                var id = new Track(track.OriginRecorderId, (TrackKind)(int)track.Kind, track.TrackId);
                var walk = new CoverageWalk(null, link, new TrackPeriod(id, track.From, track.To), report.Evidence, seen);
                await foreach (var some in walk.StartsAsync(token))
                    check.Add(some);
                differences.AddRange(check.Differences());
            }
            return differences;
        }
        catch (SideException fault)
        {
            throw new CoverageException(fault.Message, fault);
        }
    }

    private static async Task<Dictionary<string, string>> NamesAsync(RecorderLink link, string originRecorderId, CancellationToken token) =>
        (await link.AskAsync((x, y) => x.ListChannelsAsync(originRecorderId, y), token))
            .DistinctBy(x => x.TrackId)
            .ToDictionary(x => x.TrackId, x => x.Name, StringComparer.Ordinal);
}

/// <summary>Adds up what was seen, for who waits.</summary>
internal sealed class Seen(IProgress<CoverageProgress>? progress)
{
    private long items;
    private long bytes;

    public void Add(string trackId, long some, long their)
    {
        (items, bytes) = (items + some, bytes + their);
        progress?.Report(new CoverageProgress(trackId, items, bytes));
    }
}

/// <summary>One track of both recorders, or of the recorder alone, start by start; memory holds a page of each and one handful.</summary>
internal sealed class CoverageWalk(RecorderLink? source, RecorderLink recorder, TrackPeriod period, CoverageEvidence evidence, Seen seen)
{
    /// <summary>Items and bytes whose contents are asked for at once.</summary>
    private const int HandfulItems = 1_000;
    private const long HandfulBytes = 32L << 20;
    private const int BlockBytes = 128 << 10;

    private bool Records => period.Track.Kind.HoldsRecords();

    /// <summary>The items of one start after the other, marked.</summary>
    /// <exception cref="SideException">A recorder could not be read.</exception>
    public async IAsyncEnumerable<IReadOnlyList<MarkedItem>> StartsAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token
    )
    {
        var (handful, items, bytes) = (new List<List<(ItemEntry Entry, CoverageMark Mark)>>(), 0L, 0L);
        await foreach (var (theirs, ours) in SideBySideAsync(token))
        {
            var some = TrackLedger.Compare(Records, theirs, ours).ToList();
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
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token
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
                some.Theirs.Add(theirs.Current);
            for (; moreOfOurs && ours.Current.Start == start; moreOfOurs = await ours.MoveNextAsync())
                some.Ours.Add(ours.Current);
            yield return some;
        }
    }

    private async Task<IEnumerable<IReadOnlyList<MarkedItem>>> MarkedAsync(
        List<List<(ItemEntry Entry, CoverageMark Mark)>> handful,
        CancellationToken token
    )
    {
        var read = evidence == CoverageEvidence.Contents;
        var here = read ? await ContentsAsync(recorder, handful, x => IsHere(x), token) : [];
        var lost = read && source is not null ? await ContentsAsync(source, handful, x => x == CoverageMark.Missing, token) : [];
        return handful.Select(some => (IReadOnlyList<MarkedItem>)[.. some.Select(x => Marked(x.Entry, x.Mark))]);

        MarkedItem Marked(ItemEntry entry, CoverageMark mark)
        {
            if (!IsHere(mark))
                return new MarkedItem(
                    entry,
                    lost.TryGetValue(Key(entry), out var there) && !there.IsGood ? CoverageMark.DamagedAtSource : mark,
                    null
                );
            if (!read)
                return new MarkedItem(entry, mark, CoverageRoot.Leaf(entry, null));
            var content = here.GetValueOrDefault(Key(entry));
            return new MarkedItem(
                entry,
                content is { IsGood: true } ? mark : CoverageMark.DamagedAtRecorder,
                CoverageRoot.Leaf(entry, content?.Sha256 ?? new byte[CoverageRoot.HashBytes])
            );
        }
    }

    private static bool IsHere(CoverageMark mark) => mark is CoverageMark.RecorderOnly or CoverageMark.Same or CoverageMark.Copied;

    private static (DateTimeOffset, string) Key(ItemEntry entry) => (entry.Start, entry.Digest);

    /// <summary>What the contents are, by start and digest; one that did not come is not there.</summary>
    private async Task<Dictionary<(DateTimeOffset, string), Content>> ContentsAsync(
        RecorderLink link,
        List<List<(ItemEntry Entry, CoverageMark Mark)>> handful,
        Func<CoverageMark, bool> wanted,
        CancellationToken token
    )
    {
        var items = handful.SelectMany(x => x).Where(x => wanted(x.Mark)).Select(x => x.Entry).ToList();
        var contents = new Dictionary<(DateTimeOffset, string), Content>();
        foreach (var some in items.Chunk(Limits.ItemsPerRequest))
        foreach (var (key, content) in await link.AskAsync((x, y) => ReadAsync(x, some, y), token))
            contents[key] = content;
        return contents;
    }

    private async Task<Dictionary<(DateTimeOffset, string), Content>> ReadAsync(IRecorder from, ItemEntry[] items, CancellationToken token)
    {
        var contents = new Dictionary<(DateTimeOffset, string), Content>();
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            await foreach (var item in from.ReadItemsAsync(period.Track, items, token))
            {
                var quick = new XxHash128();
                using var strong = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                for (int count; (count = await item.Content.ReadAsync(block, token)) > 0; )
                {
                    quick.Append(block.AsSpan(0, count));
                    strong.AppendData(block, 0, count);
                }
                contents[Key(item.Entry)] = new Content(
                    quick.GetCurrentHashAsUInt128().ToString("x32") == item.Entry.Digest,
                    strong.GetHashAndReset()
                );
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
        return contents;
    }

    /// <param name="IsGood">It has the digest that it should have.</param>
    private sealed record Content(bool IsGood, byte[] Sha256);
}
