using Failback.Messages;
using Failback.Recorders;
using Failback.Saga;
using Failback.Worker;

namespace Failback.Tests;

/// <summary>The pure parts of a material copy over anything: periods, plans that change, missing ranges, listings, a year, and nothing.</summary>
[Covers("F7", "F8", "F14", "F17", "I3", "I11")]
public sealed class Any_periods_and_plans
{
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void a_plan_that_comes_again_with_channels_added_removed_and_renumbered_keeps_its_rows()
    {
        var cases = Programme.Pick(3_000, 30_000);
        for (var i = 0; i < cases; i++)
        {
            var random = new Random(new FuzzRun("plans", 0).SeedOf(i));
            var (copy, lines) = (Guid.NewGuid(), Enumerable.Range(0, random.Next(1, 12)).Select(Line).ToList());
            var (first, later) = (Some(lines, random), Some(lines, random));
            var rows = CopyOrder.Rows(copy, new CopyPlan { ChannelCopies = first }, [], PeriodOrder.OldestFirst);
            var all = CopyOrder.Rows(copy, new CopyPlan { ChannelCopies = later }, rows, (PeriodOrder)random.Next(1, 4));
            var more = all.Skip(rows.Count).ToList();
            Assert.Equal(
                first.Select(x => x.TrackId).Order(StringComparer.Ordinal),
                rows.Select(x => x.TrackId).Order(StringComparer.Ordinal)
            );
            // What was planned before stays as it is, also when the recorder lists it no longer; only what is new is added (F14, R36),
            // and what is more than it was.
            // What had nothing, and has something now, begins.
            Assert.All(rows.Zip(all), x => Assert.Equal(Begun(x.First, x.Second), x.Second with { PlannedItems = x.First.PlannedItems }));
            Assert.All(rows.Zip(all), x => Assert.True(x.Second.PlannedItems >= x.First.PlannedItems));
            Assert.Equal(
                later.Select(x => x.TrackId).Except(first.Select(x => x.TrackId)).Order(StringComparer.Ordinal),
                more.Select(x => x.TrackId).Order(StringComparer.Ordinal)
            );
            Assert.Equal(Enumerable.Range(0, rows.Count + more.Count), rows.Concat(more).Select(x => x.Ordinal).Order());
            Assert.All(rows.Concat(more).Where(x => x.PlannedItems == 0), x => Assert.Equal(ChannelCopyStatus.Succeeded, x.Status));
        }
        Figures.Say($"{cases} plans of turn {Programme.Rotation} planned twice with other channels");
    }

    private static ChannelCopy Begun(ChannelCopy first, ChannelCopy second) =>
        first.PlannedItems == 0 && second.PlannedItems > 0
            ? first with
            {
                Status = ChannelCopyStatus.Waiting,
                Position = first.From,
                Epoch = first.Epoch + 1,
            }
            : first;

    [Fact]
    public async Task a_channel_is_its_id_whatever_number_and_name_it_has()
    {
        var (cases, lines) = (Programme.Pick(300, 3_000), 0);
        for (var i = 0; i < cases; i++)
        {
            var random = new Random(new FuzzRun("channels", 0).SeedOf(i));
            var site = new WorkerSite();
            var ids = Enumerable.Range(0, random.Next(1, 8)).Select(x => $"cam-{x}").ToList();
            foreach (var id in ids)
            {
                site.FailoverServer.Channels.Add(new Channel(id, $"Etupiha {random.Next(3)}", random.Next(3), [TrackKind.Video]));
                site.FailoverServer.Add(
                    WorkerSite.Video with
                    {
                        TrackId = id,
                    },
                    WorkerSite.Noon,
                    TimeSpan.FromSeconds(10),
                    WorkerSite.Bytes(1)
                );
            }
            var tracks = await TracksAsync(site);
            Renumber(site.FailoverServer.Channels, random);
            var again = await TracksAsync(site);
            Assert.Equal(ids.Order(StringComparer.Ordinal), tracks.Order(StringComparer.Ordinal));
            Assert.Equal(tracks.Order(StringComparer.Ordinal), again.Order(StringComparer.Ordinal));
            lines += tracks.Count;
        }
        Figures.Say($"{lines} channels listed by id before and after they were renumbered and renamed");
    }

    [Fact]
    public void missing_ranges_in_any_order_say_the_same_union_and_count()
    {
        var cases = Programme.Pick(3_000, 30_000);
        for (var i = 0; i < cases; i++)
        {
            var random = new Random(new FuzzRun("missing", 0).SeedOf(i));
            var ranges = Enumerable.Range(0, random.Next(0, 60)).Select(_ => Range(random)).ToList();
            var whole = ((IReadOnlyList<MissingRange>)[]).With(ranges);
            var bits = ranges.OrderBy(_ => random.Next()).Chunk(5).Aggregate((IReadOnlyList<MissingRange>)[], (x, y) => x.With(y));
            foreach (var merged in new[] { whole, bits })
            {
                Assert.Equal(ranges.Where(x => x.From < x.To).Sum(x => x.Items), merged.Sum(x => x.Items));
                Assert.Equal(Minutes(ranges), Minutes(merged));
                Assert.Equal(merged.OrderBy(x => x.From), merged);
            }
        }
        Figures.Say($"{cases} sets of missing ranges: same union, same count, whatever their order");
    }

    [Fact]
    public void periods_are_within_their_entries_never_empty_and_bounded()
    {
        var cases = Programme.Pick(2_000, 20_000);
        for (var i = 0; i < cases; i++)
        {
            var random = new Random(new FuzzRun("periods", 0).SeedOf(i));
            var entry = Entry(random);
            var inherited = Enumerable.Range(0, random.Next(0, 80)).Select(_ => Entry(random)).ToList();
            var periods = Periods.Of(entry, inherited);
            var wider = Periods.Of(entry, inherited, TimeSpan.FromMinutes(10)).ToDictionary(x => x.EntryId);
            foreach (var period in periods.Where(x => wider.ContainsKey(x.EntryId)))
            {
                Assert.Equal(period.From.AddMinutes(-10), wider[period.EntryId].From);
                Assert.Equal(period.To.AddMinutes(10), wider[period.EntryId].To);
            }
            Assert.True(periods.Count <= Periods.Most);
            Assert.All(periods, x => Assert.True(x.From < x.To));
            Assert.Equal(periods.Count, periods.Select(x => x.EntryId).Distinct().Count());
            Assert.Equal(periods, Periods.Of(entry, inherited.OrderBy(_ => random.Next())));
            var all = inherited.Append(entry).ToDictionary(x => x.EntryId);
            Assert.All(periods, x => Assert.Equal(all[x.EntryId].FailoverStartedAt, x.From));
            Assert.All(periods, x => Assert.Equal(all[x.EntryId].FailbackEndedAt ?? entry.FailbackEndedAt, x.To));
        }
        Figures.Say($"{cases} sets of entries with up to 80 inherited ones");
    }

    [Fact]
    public void a_year_is_walked_in_bounded_memory_and_nothing_is_done_at_once()
    {
        var options = new CopyOptions { SlicesInFlight = 4 };
        var row = Row(TimeSpan.FromDays(366));
        var (slices, most) = (0, 0);
        for (var random = new Random(Programme.Rotation); !row.HasEnded(); )
        {
            var (filled, sent) = CopyProgress.Filled(row, Start, options);
            row = filled;
            slices += sent.Count;
            most = Math.Max(most, row.Slices.Count);
            var open = row.Slices.Where(x => !x.Done).ToList();
            var slice = open[random.Next(open.Count)];
            var before = row.Position;
            row = CopyProgress.Answered(row, Answer(row, slice), Start, options);
            Assert.True(row.Position >= before);
        }
        Assert.Equal((ChannelCopyStatus.Succeeded, 366 * 24, 366 * 24L), (row.Status, slices, row.Expected));
        Assert.InRange(most, 4, 1_000);
        var empty = CopyOrder.Rows(
            Guid.NewGuid(),
            new CopyPlan { ChannelCopies = [Line(0) with { Items = 0 }] },
            [],
            PeriodOrder.OldestFirst
        );
        Assert.Equal((ChannelCopyStatus.Succeeded, empty[0].To), (empty[0].Status, empty[0].Position));
        Figures.Say(
            $"a year in {slices} slices answered out of order, at most {most} in the row; an empty channel is done when it is planned"
        );
    }

    private static async Task<List<string>> TracksAsync(WorkerSite site)
    {
        var link = RecorderLink.Open(site, WorkerSite.FailoverServerAt, Side.FailoverServer, site.Retries);
        var tracks = await Tracks.OfAsync(link, "rec-1", TestContext.Current.CancellationToken);
        return [.. tracks.Select(x => x.TrackId)];
    }

    private static void Renumber(List<Channel> channels, Random random)
    {
        for (var i = 0; i < channels.Count; i++)
            channels[i] = channels[i] with { Number = random.Next(100), Name = $"renamed {random.Next(3)}" };
    }

    private static List<PlannedChannelCopy> Some(List<PlannedChannelCopy> lines, Random random) =>
        [.. lines.Where(_ => random.Next(3) > 0).OrderBy(_ => random.Next()).Select(x => x with { Items = random.Next(3) })];

    private static HashSet<(int, CopyFailure)> Minutes(IEnumerable<MissingRange> ranges) =>
        [
            .. ranges
                .Where(x => x.From < x.To)
                .SelectMany(x =>
                    Enumerable
                        .Range(0, (int)(x.To - x.From).TotalMinutes)
                        .Select(y => ((int)(x.From.UtcDateTime - Start).TotalMinutes + y, x.Why))
                ),
        ];

    private static MissingRange Range(Random random)
    {
        var from = random.Next(0, 300);
        return new MissingRange
        {
            From = Start.AddMinutes(from).ToWire(),
            To = Start.AddMinutes(from + random.Next(-3, 20)).ToWire(),
            Items = random.Next(1, 5),
            Why = random.Next(2) == 0 ? CopyFailure.DamagedAtSource : CopyFailure.HoldLost,
        };
    }

    private static FailoverLogEntry Entry(Random random)
    {
        var from = Start.AddMinutes(random.Next(0, 1_000));
        return new FailoverLogEntry
        {
            EntryId = Guid.NewGuid(),
            FailedRecorderId = "rec-1",
            FailoverServerId = $"fo-{random.Next(3)}",
            FailoverStartedAt = from,
            Failover = FailoverStatus.Succeeded,
            FailbackEndedAt = random.Next(4) == 0 ? null : from.AddMinutes(random.Next(-10, 500)),
        };
    }

    private static PlannedChannelCopy Line(int number) =>
        new()
        {
            EntryId = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
            SourceRecorderId = "fo-1",
            OriginRecorderId = "rec-1",
            Kind = (DataKind)(1 + number % 6),
            TrackId = $"cam-{number}",
            From = Start.ToWire(),
            To = Start.AddHours(1).ToWire(),
            Items = 1,
            Bytes = 10,
        };

    private static ChannelDataAnswered Answer(ChannelCopy row, SliceInFlight slice) =>
        new()
        {
            MaterialCopyId = row.MaterialCopyId,
            ChannelCopyId = row.ChannelCopyId,
            SliceId = slice.SliceId,
            Epoch = row.Epoch,
            Outcome = SliceOutcome.Done,
            Reached = slice.To.ToWire(),
            Expected = 1,
            Copied = 1,
            Verified = 1,
            Missing = [],
        };

    private static ChannelCopy Row(TimeSpan length) =>
        new()
        {
            ChannelCopyId = new Guid(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
            MaterialCopyId = Guid.Empty,
            Ordinal = 0,
            EntryId = Guid.Empty,
            SourceRecorderId = "fo-1",
            OriginRecorderId = "rec-1",
            Kind = DataKind.Video,
            TrackId = "cam-1",
            From = Start,
            To = Start + length,
            Position = Start,
            Status = ChannelCopyStatus.Copying,
        };
}
