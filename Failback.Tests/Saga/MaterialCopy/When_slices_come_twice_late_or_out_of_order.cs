using CsCheck;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>The pure ledger against a worker whose answers are lost, repeated, late, early and in any order.</summary>
[Covers("R35", "R36", "D13", "I8", "I11", "I14", "A17", "A18")]
public sealed class When_slices_come_twice_late_or_out_of_order
{
    private const int MostSteps = 2_000;
    private static readonly DateTime From = new(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly Gen<(int Seed, int InFlight, int Minutes)> Runs = Gen.Select(Gen.Int, Gen.Int[1, 4], Gen.Int[1, 600]);

    [Fact]
    public void any_history_ends_in_the_same_row_with_exact_counts() =>
        Runs.Sample(
            run =>
            {
                var row = Copied(run.Seed, run.InFlight, run.Minutes);
                Assert.Equal((run.Minutes, run.Minutes - Damaged(run.Minutes)), (row.Expected, row.Verified));
                Assert.Equal(From.AddMinutes(run.Minutes), row.Position);
                Assert.Empty(row.Slices);
                Assert.Equal(Damaged(run.Minutes), row.Missing.Sum(x => x.Items));
                Assert.All(row.Missing, x => Assert.Equal((x.To - x.From).TotalMinutes, x.Items));
                Assert.Equal(run.Minutes > 7 ? ChannelCopyStatus.Partial : ChannelCopyStatus.Succeeded, row.Status);
            },
            iter: 2_000,
            threads: 1
        );

    [Fact]
    public void an_answer_of_an_old_epoch_or_of_an_unknown_slice_changes_nothing()
    {
        var (row, sent) = CopyProgress.Filled(Row(180), From, new CopyOptions());
        var answer = Answer(row, sent[0], sent[0].To);
        Assert.Same(row, CopyProgress.Answered(row, answer with { Epoch = -1 }, From, new CopyOptions()));
        Assert.Same(row, CopyProgress.Answered(row, answer with { SliceId = Guid.NewGuid() }, From, new CopyOptions()));
        var once = CopyProgress.Answered(row, answer, From, new CopyOptions());
        Assert.Same(once, CopyProgress.Answered(once, answer, From, new CopyOptions()));
        Assert.NotSame(row, once);
    }

    [Fact]
    public void the_position_waits_for_the_first_slice_though_the_second_is_done()
    {
        var options = new CopyOptions();
        var (row, sent) = CopyProgress.Filled(Row(180), From, options);
        var second = CopyProgress.Answered(row, Answer(row, sent[1], sent[1].To), From, options);
        Assert.Equal((From, 60), (second.Position, second.Expected));
        var both = CopyProgress.Answered(second, Answer(second, sent[0], sent[0].To), From, options);
        Assert.Equal(From.AddHours(2), both.Position);
    }

    [Fact]
    public void after_an_early_answer_the_rest_is_the_next_slice()
    {
        var options = new CopyOptions();
        var (row, sent) = CopyProgress.Filled(Row(180), From, options);
        var early = CopyProgress.Answered(row, Answer(row, sent[0], From.AddMinutes(20)), From, options);
        var (_, next) = CopyProgress.Filled(early, From, options);
        Assert.Equal((From.AddMinutes(20), From.AddHours(1)), (Assert.Single(next).From, next[0].To));
        Assert.NotEqual(sent[0].SliceId, next[0].SliceId);
    }

    [Fact]
    [Covers("D9", "I16")]
    public void failures_in_a_row_wait_longer_each_time_and_end()
    {
        var (options, now, row) = (new CopyOptions { SlicesInFlight = 1 }, From, Row(180));
        var waits = new List<TimeSpan>();
        while (!row.HasEnded() && waits.Count < 100)
        {
            var (filled, sent) = CopyProgress.Filled(row, now, options);
            var stop = Answer(filled, sent[0], sent[0].From) with { Outcome = SliceOutcome.Failed, Failure = CopyFailure.ChecksumMismatch };
            row = CopyProgress.Answered(filled, stop, now, options);
            waits.Add((row.NextTryAt ?? now) - now);
            now = row.NextTryAt ?? now;
        }
        Assert.Equal((ChannelCopyStatus.Failed, From, 8), (row.Status, row.Position, waits.Count));
        Assert.Equal(waits.Take(7).Order(), waits.Take(7));
        Assert.All(waits, x => Assert.InRange(x, TimeSpan.Zero, TimeSpan.FromSeconds(options.MaxRetrySeconds)));
    }

    [Fact]
    public void a_worker_that_never_gets_on_is_given_up()
    {
        var (options, now, row) = (new CopyOptions { SlicesInFlight = 1 }, From, Row(180));
        for (var i = 0; i < 8; i++)
        {
            var (filled, sent) = CopyProgress.Filled(row, now, options);
            row = CopyProgress.Answered(filled, Answer(filled, sent[0], sent[0].From), now, options);
            now = now.AddHours(1);
        }
        Assert.Equal((ChannelCopyStatus.Failed, 0), (row.Status, row.Expected));
    }

    [Fact]
    public void missing_ranges_are_bounded_and_never_say_too_little()
    {
        var many = Enumerable.Range(0, 2_000).Select(i => Range(i * 2, i * 2 + 1)).ToList();
        var kept = ((IReadOnlyList<MissingRange>)[]).With(many);
        Assert.Equal(MissingRanges.Most, kept.Count);
        Assert.Equal((2_000, many[^1].To), (kept.Sum(x => x.Items), kept[^1].To));
    }

    /// <summary>Copies with a hostile road: every step answers, repeats, loses or delays one slice.</summary>
    private static ChannelCopy Copied(int seed, int inFlight, int minutes)
    {
        var (random, now, row) = (new Random(seed), From, Row(minutes));
        var options = new CopyOptions { SlicesInFlight = inFlight, MaxTries = 100 };
        var road = new List<(SliceInFlight Slice, int Epoch)>();
        var old = new List<ChannelDataAnswered>();
        for (var step = 0; step < MostSteps && !row.HasEnded(); step++)
        {
            var before = row.Position;
            var (filled, sent) = CopyProgress.Filled(row, now, options);
            Assert.True(filled.Slices.Count(x => !x.Done) <= inFlight);
            Assert.All(sent, x => Assert.InRange((x.To - x.From).TotalSeconds, 1e-6, 3_600));
            (row, _) = (filled, 0);
            road.AddRange(sent.Select(x => (x, filled.Epoch)));
            var luck = random.Next(10);
            if (luck < 2 && old.Count > 0)
                row = CopyProgress.Answered(row, old[random.Next(old.Count)], now, options);
            else if (luck < 3)
                row = CopyProgress.TakenBack(row);
            else if (road.Count > 0)
            {
                var (slice, epoch) = road[random.Next(road.Count)];
                road.Remove((slice, epoch));
                var whole = (int)(slice.To - slice.From).TotalMinutes;
                var reached = luck < 6 ? slice.To : slice.From.AddMinutes(random.Next(whole + 1));
                var answer = Answer(row, slice, reached) with { Epoch = epoch };
                if (luck == 9)
                    answer = answer with { Outcome = SliceOutcome.Failed, Failure = CopyFailure.RecorderStalled };
                old.Add(answer);
                row = CopyProgress.Answered(row, answer, now, options);
            }
            now = now.AddMinutes(10);
            Assert.True(row.Position >= before, "the position moved back");
        }
        return row;
    }

    /// <summary>One item a minute; the eighth minute of every hour is damaged at the source.</summary>
    private static ChannelDataAnswered Answer(ChannelCopy row, SliceInFlight slice, DateTime reached)
    {
        var (first, last) = ((int)(slice.From - From).TotalMinutes, (int)(reached - From).TotalMinutes);
        var missing = Enumerable.Range(first, Math.Max(0, last - first)).Where(x => x % 60 == 7).Select(x => Range(x, x + 1)).ToList();
        return new()
        {
            MaterialCopyId = row.MaterialCopyId,
            ChannelCopyId = row.ChannelCopyId,
            SliceId = slice.SliceId,
            Epoch = row.Epoch,
            Outcome = SliceOutcome.Done,
            Reached = reached,
            Expected = last - first,
            Copied = last - first - missing.Count,
            Verified = last - first - missing.Count,
            Missing = missing,
        };
    }

    private static int Damaged(int minutes) => Enumerable.Range(0, minutes).Count(x => x % 60 == 7);

    private static MissingRange Range(int from, int to) =>
        new()
        {
            From = From.AddMinutes(from),
            To = From.AddMinutes(to),
            Items = to - from,
            Why = CopyFailure.DamagedAtSource,
        };

    private static ChannelCopy Row(int minutes) =>
        new()
        {
            ChannelCopyId = new Guid("11111111-1111-1111-1111-111111111111"),
            MaterialCopyId = Guid.Empty,
            Ordinal = 0,
            EntryId = Guid.Empty,
            SourceRecorderId = "fo-1",
            OriginRecorderId = "rec-1",
            Kind = DataKind.Video,
            TrackId = "cam-1",
            From = From,
            To = From.AddMinutes(minutes),
            Position = From,
            Status = ChannelCopyStatus.Copying,
            PlannedItems = minutes,
        };
}
