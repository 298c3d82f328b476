using Failback.Messages;
using Failback.Recorders;
using Failback.Saga;
using Failback.Worker;

namespace Failback.Tests;

/// <summary>
/// The ledger's slices and the worker's copying together, over segments of every shape: listed twice, overlapping, nested, without length,
/// of negative length, straddling either end or a slice, partly on the target already, in conflict, at instants that calendars dislike.
/// Afterwards the target has the union, nothing else, and the row's counts are those of the union.
/// </summary>
[Covers("F7", "F8", "F9", "F16", "F17", "I3", "I11")]
public sealed class Any_segments_are_copied_once
{
    /// <summary>Summer time there and back, a leap second, a leap day, a new year, the end of 32-bit time.</summary>
    private static readonly DateTimeOffset[] Instants =
    [
        new(2026, 3, 29, 1, 0, 0, TimeSpan.Zero),
        new(2026, 10, 25, 1, 0, 0, TimeSpan.Zero),
        new(2016, 12, 31, 23, 59, 59, TimeSpan.Zero),
        new(2028, 2, 29, 0, 0, 0, TimeSpan.Zero),
        new(2025, 12, 31, 23, 59, 59, TimeSpan.Zero),
        new(2038, 1, 19, 3, 14, 7, TimeSpan.Zero),
    ];

    /// <summary>Seeds that failed once, and run first: two empty segments of one start, both on the recorder before; sums of less than nothing.</summary>
    private static readonly int[] Kept = [-1163507316, -619418189];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task union_of_the_source_is_union_of_the_target_and_every_item_is_counted_once()
    {
        var (cases, items, slices) = (Programme.Pick(1_500, 20_000), 0, 0);
        foreach (var (i, seed) in Kept.Concat(Enumerable.Range(0, cases).Select(new FuzzRun("segments", 0).SeedOf)).Index())
        {
            try
            {
                var (copied, handedOut) = await CopiedAsync(new Random(seed));
                (items, slices) = (items + copied, slices + handedOut);
            }
            catch (Exception broken)
            {
                throw new InvalidOperationException($"case {i}, seed {seed}: {broken.Message}", broken);
            }
        }
        Figures.Say(
            $"{cases} sets of segments of turn {Programme.Rotation}: {items} items in {slices} slices, each on the target and counted once"
        );
    }

    private static async Task<(int Items, int Slices)> CopiedAsync(Random random)
    {
        var site = new WorkerSite();
        var from = Instants[random.Next(Instants.Length)].AddMinutes(random.Next(-180, 1));
        var to = from.AddMinutes(random.Next(1, 240));
        Fill(site, random, from, to);
        var before = site.Recorder.EntriesOf(WorkerSite.Video).ToList();
        var options = new CopyOptions
        {
            SlicesInFlight = random.Next(1, 4),
            SliceSeconds = random.Next(1, 61) * 60,
            MaxTries = 100,
        };
        var (row, slices) = (Row(from, to), 0);
        for (var now = from.UtcDateTime; !row.HasEnded(); now = now.AddHours(1))
        {
            var (filled, sent) = CopyProgress.Filled(row, now, options);
            row = filled;
            slices += sent.Count;
            Assert.True(slices < 5_000, "it does not come to an end");
            foreach (var slice in sent.OrderBy(_ => random.Next()))
                row = await AnsweredAsync(site, row, slice, now, options, random);
        }
        Look(site, row, before, from, to);
        return ((int)row.Expected, slices);
    }

    private static async Task<ChannelCopy> AnsweredAsync(
        WorkerSite site,
        ChannelCopy row,
        SliceInFlight slice,
        DateTime now,
        CopyOptions options,
        Random random
    )
    {
        var job = WorkerSite.Job(maxItems: random.Next(3) == 0 ? 3 : 5_000, maxBytes: random.Next(3) == 0 ? 250 : 64 << 20) with
        {
            SliceId = slice.SliceId,
            ChannelCopyId = row.ChannelCopyId,
            Epoch = row.Epoch,
            From = slice.From.ToWire(),
            To = slice.To.ToWire(),
            First = slice.From == row.From,
        };
        var answer = job.Answered(await site.CopyAsync(job));
        Assert.True(answer.Failure is null, $"{answer.Failure}: {answer.Detail}");
        var next = CopyProgress.Answered(row, answer, now, options);
        Assert.True(next.Position >= row.Position, "the position moved back");
        return CopyProgress.Answered(next, answer, now, options);
    }

    /// <summary>The union, counted by hand: sound items once each, by start and digest; what is unsound is missing, what differs a conflict.</summary>
    private static void Look(WorkerSite site, ChannelCopy row, List<ItemEntry> before, DateTimeOffset from, DateTimeOffset to)
    {
        var theirs = site
            .FailoverServer.EntriesOf(WorkerSite.Video)
            .Where(x => x.Start < to && (x.Start >= from || (x.Duration > TimeSpan.Zero && x.End > from)))
            .DistinctBy(x => (x.Start, x.Digest))
            .ToList();
        var there = site.Recorder.EntriesOf(WorkerSite.Video);
        var starts = before.ToLookup(x => x.Start, x => x.Digest);
        var conflicts = theirs.Where(x => x.IsSound() && starts.Contains(x.Start) && !starts[x.Start].Contains(x.Digest)).ToList();
        var home = theirs.Where(x => x.IsSound()).Except(conflicts).ToList();
        // Two segments of one start are one conflict among themselves: the first in order goes home.
        var rivals = home.GroupBy(x => x.Start).SelectMany(x => x.Skip(1).Where(y => !starts[x.Key].Contains(y.Digest))).ToList();
        home = [.. home.Except(rivals)];

        Assert.Empty(home.Select(Key).Except(there.Select(Key)));
        Assert.Empty(there.Select(Key).Except(home.Select(Key)).Except(before.Select(Key)));
        Assert.Equal(
            before.Select(x => x with { SourceRecorderId = null }),
            before.Select(x => there.First(y => Key(y) == Key(x)) with { SourceRecorderId = null, Overlap = x.Overlap })
        );
        Assert.All(home, x => Assert.Equal(site.FailoverServer.BytesOf(WorkerSite.Video, x), site.Recorder.BytesOf(WorkerSite.Video, x)));
        Assert.Equal(
            (theirs.Count, home.Count, conflicts.Count + rivals.Count, theirs.Count(x => !x.IsSound())),
            ((int)row.Expected, (int)row.Verified, (int)row.Conflicts, (int)row.Missing.Sum(x => x.Items))
        );
        Assert.Equal(row.Verified, row.Copied + row.AlreadyThere);
        Assert.Equal(row.To, row.Position);
    }

    private static (DateTimeOffset, string) Key(ItemEntry item) => (item.Start, item.Digest);

    private static void Fill(WorkerSite site, Random random, DateTimeOffset from, DateTimeOffset to)
    {
        site.FailoverServer.PageSize = random.Next(1, 20);
        // Of the seed, but not drawn: a set of segments stays as it is.
        if ((from.UtcTicks / TimeSpan.TicksPerMinute + to.UtcTicks / TimeSpan.TicksPerMinute) % 4 != 0)
            site.FailoverServer.Features = site.Recorder.Features = RecorderFeatures.BucketDigests;
        ItemEntry? last = null;
        var span = (to - from).Ticks;
        for (var count = random.Next(0, 40); count > 0; count--)
        {
            var start =
                last is not null && random.Next(4) == 0 ? last.Start : from.AddTicks(random.NextInt64(-span / 10, span + span / 10));
            if (random.Next(3) > 0)
                start = start.AddTicks(-(start.Ticks % (random.Next(2) == 0 ? TimeSpan.TicksPerSecond : TimeSpan.TicksPerMicrosecond)));
            start = start.ToOffset(TimeSpan.FromHours(random.Next(-3, 4)));
            var duration = random.Next(5) == 0 ? TimeSpan.Zero : TimeSpan.FromTicks(random.NextInt64(0, span / 4));
            var bytes = WorkerSite.Bytes(random.Next(), random.Next(0, 120));
            last = site.FailoverServer.Add(WorkerSite.Video, start, duration, bytes);
            Disturb(site, random, last, bytes);
        }
    }

    private static void Disturb(WorkerSite site, Random random, ItemEntry item, byte[] bytes)
    {
        switch (random.Next(12))
        {
            case 0:
                site.FailoverServer.AddAs(WorkerSite.Video, item, bytes);
                break;
            // A recorder has an item once, by start and digest: put if absent.
            case 1 or 2 when site.Recorder.EntriesOf(WorkerSite.Video).All(x => Key(x) != Key(item)):
                site.Recorder.AddAs(WorkerSite.Video, item with { SourceRecorderId = "fo-1" }, bytes);
                break;
            case 3:
                site.Recorder.Add(WorkerSite.Video, item.Start, item.Duration, WorkerSite.Bytes(random.Next(), 50));
                break;
            case 4:
                site.Recorder.Add(WorkerSite.Video, item.Start.AddSeconds(3), item.Duration, WorkerSite.Bytes(random.Next(), 50));
                break;
            case 5:
                var bad = item with
                {
                    Start = item.Start.AddTicks(1),
                    Digest = Convert.ToHexStringLower(WorkerSite.Bytes(random.Next(), 16)),
                };
                bad = random.Next(2) == 0 ? bad with { Duration = TimeSpan.FromTicks(-1 - random.Next(1_000)) } : bad with { Length = -1 };
                site.FailoverServer.AddAs(WorkerSite.Video, bad, bytes);
                break;
        }
    }

    private static ChannelCopy Row(DateTimeOffset from, DateTimeOffset to) =>
        new()
        {
            ChannelCopyId = Guid.NewGuid(),
            MaterialCopyId = Guid.Empty,
            Ordinal = 0,
            EntryId = Guid.Empty,
            SourceRecorderId = "fo-1",
            OriginRecorderId = "rec-1",
            Kind = DataKind.Video,
            TrackId = "cam-7",
            From = from.ToRow(),
            To = to.ToRow(),
            Position = from.ToRow(),
            Status = ChannelCopyStatus.Copying,
        };
}
