using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>Makes reports of what both recorders have, and holds a recorder against one.</summary>
internal sealed class CoverageReader(IRecorderRegistry registry, Retries retries, TimeProvider clock) : ICoverage
{
    public async Task<CoverageReport> ReadAsync(CoverageRequest request, IProgress<CoverageProgress>? progress, CancellationToken token)
    {
        try
        {
            var recorder = RecorderLink.Open(registry, request.Recorder, Side.Recorder, retries);
            await recorder.StatusAsync(token);
            var (tracks, silent) = (new List<CoverageTrack>(), new List<SilentSource>());
            var (seen, room, names) = (new Seen(progress), request.MostSpans, request.MostFaults);
            foreach (var source in request.Sources)
            {
                var before = tracks.Count;
                var link = RecorderLink.Open(registry, source.Source, Side.FailoverServer, retries);
                await link.StatusAsync(token);
                foreach (var (track, name, counted) in await TracksAsync(link, source, request.Counted, token))
                {
                    var ledger = new TrackLedger(
                        source,
                        Math.Clamp(room, 1, CoverageTrack.MostSpans),
                        Math.Clamp(names, 0, CoverageTrack.MostFaults)
                    );
                    var walk = new CoverageWalk(link, recorder, new TrackPeriod(track, source.From, source.To), request.Evidence, seen);
                    await foreach (var some in walk.StartsAsync(token))
                        ledger.Add(some);
                    tracks.Add(ledger.Track(track, name, counted));
                    room -= tracks[^1].Spans.Count;
                    names -= tracks[^1].Faults.Count;
                }
                // It stood in for the recorder, so it should have something: also when it knows the channels and lists nothing of them.
                if (tracks.Skip(before).All(x => x is { SourceItems: 0, CountedItems: 0 }))
                    silent.Add(new SilentSource(source.EntryId, source.Source.RecorderId, source.From, source.To));
            }
            var report = new CoverageReport
            {
                Format = CoverageReport.Format1,
                EntryId = request.EntryId,
                At = clock.GetUtcNow(),
                RecorderId = request.Recorder.RecorderId,
                Evidence = request.Evidence,
                Tracks = tracks,
                Silent = silent,
                Root = "",
            };
            return report with { Root = CoverageRoot.Of(report) };
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

    /// <summary>What the source lists, and what it had when it was counted: a track that it lost is not passed over.</summary>
    private static async Task<IReadOnlyList<(Track Track, string Name, long Counted)>> TracksAsync(
        RecorderLink link,
        CopySource source,
        IReadOnlyList<CountedTrack> counted,
        CancellationToken token
    )
    {
        var channels = await Tracks.ChannelsAsync(link, source.OriginRecorderId, token);
        var names = channels.DistinctBy(x => x.TrackId).ToDictionary(x => x.TrackId, x => x.Name, StringComparer.Ordinal);
        var items = counted
            .Where(x => x.EntryId == source.EntryId && x.SourceRecorderId == link.Id && x.Items > 0)
            .ToLookup(x => new Track(source.OriginRecorderId, (TrackKind)(int)x.Kind, x.TrackId), x => x.Items);
        return
        [
            .. Tracks
                .Of(channels, source.OriginRecorderId)
                .Union(items.Select(x => x.Key))
                .Select(x => (x, names.GetValueOrDefault(x.TrackId) ?? "", items[x].DefaultIfEmpty().Max())),
        ];
    }
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
