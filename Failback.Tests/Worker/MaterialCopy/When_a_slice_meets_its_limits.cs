using Failback.Messages;
using Failback.Worker;
using Microsoft.Extensions.Time.Testing;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

[Covers("D13", "I17")]
public sealed class When_a_slice_meets_its_limits
{
    private readonly WorkerSite site = new();

    [Fact]
    public async Task items_over_the_number_are_left_to_the_next_slice()
    {
        site.RecordTenSegments();

        var result = await site.CopyAsync(Job(maxItems: 4));

        Assert.Equal((null, 4, 4, Noon.AddSeconds(40)), (result.Failure, result.Expected, result.Copied, result.Reached));
    }

    [Fact]
    public async Task no_more_is_listed_of_the_source_than_shows_where_the_slice_ends()
    {
        site.RecordTenSegments();
        site.FailoverServer.PageSize = 5_000;

        await site.CopyAsync(Job(maxItems: 4));

        Assert.Equal(5, site.FailoverServer.Listed);
    }

    [Fact]
    public async Task bytes_over_the_number_are_left_to_the_next_slice()
    {
        site.RecordTenSegments();

        var result = await site.CopyAsync(Job(maxBytes: 350));

        Assert.Equal((null, 3, 300L, Noon.AddSeconds(30)), (result.Failure, result.Copied, result.BytesCopied, result.Reached));
    }

    [Fact]
    public async Task one_item_is_copied_even_when_it_is_over_the_limit()
    {
        site.RecordTenSegments();

        var result = await site.CopyAsync(Job(maxBytes: 1));

        Assert.Equal((null, 1, Noon.AddSeconds(10)), (result.Failure, result.Copied, result.Reached));
    }

    [Fact]
    [Covers("I11")]
    public async Task items_with_the_same_start_stay_together()
    {
        foreach (var seed in Enumerable.Range(0, 3))
            site.FailoverServer.Add(Video, Noon, TimeSpan.Zero, Bytes(seed));
        site.FailoverServer.Add(Video, Noon.AddSeconds(1), TimeSpan.Zero, Bytes(9));

        var result = await site.CopyAsync(Job(maxItems: 1, maxBytes: 1));

        Assert.Equal((3, Noon.AddSeconds(1)), (result.Expected, result.Reached));
    }

    [Fact]
    [Covers("F8", "I11")]
    public async Task items_of_one_microsecond_stay_together_as_the_ledger_keeps_no_shorter_time()
    {
        site.FailoverServer.Add(Video, Noon, TimeSpan.Zero, Bytes(0));
        foreach (var ticks in new[] { 13, 17 })
            site.FailoverServer.Add(Video, Noon.AddTicks(ticks), TimeSpan.Zero, Bytes(ticks));
        site.FailoverServer.Add(Video, Noon.AddTicks(25), TimeSpan.Zero, Bytes(25));

        var first = await site.CopyAsync(Job(maxItems: 2));
        var second = await site.CopyAsync(Job(maxItems: 2) with { From = first.Reached, First = false });

        Assert.Equal((3, Noon.AddTicks(20)), (first.Expected, first.Reached));
        Assert.Equal((1, 0), (second.Expected, second.AlreadyThere));
    }

    [Fact]
    [Covers("R35", "R36", "F17")]
    public async Task slices_one_after_the_other_copy_everything_once()
    {
        site.RecordTenSegments();
        var (from, copied, slices) = (Noon, 0L, 0);
        while (from < Noon.AddSeconds(100) && slices++ < 20)
        {
            var result = await site.CopyAsync(Job(maxItems: 3, maxBytes: 250) with { From = from, First = from == Noon });
            Assert.True(result.Reached > from, "each slice gets further");
            (from, copied) = (result.Reached, copied + result.Copied);
        }

        Assert.Equal((10L, 10, Noon.AddSeconds(100)), (copied, site.Recorder.EntriesOf(Video).Count, from));
    }

    [Fact]
    [Covers("F3")]
    public async Task when_its_time_is_over_it_answers_with_what_it_reached()
    {
        site.RecordTenSegments();
        // Each item takes 25 s of the slice's 60: the fourth would begin after its end.
        site.FailoverServer.Deliver = (_, bytes, _) =>
        {
            site.Clock.Advance(TimeSpan.FromSeconds(25));
            return ValueTask.FromResult<byte[]?>(bytes);
        };

        var result = await site.CopyAsync(Job());

        Assert.Equal((null, SliceOutcome.Done, 3, Noon.AddSeconds(30)), (result.Failure, result.Outcome, result.Verified, result.Reached));
    }

    [Fact]
    public async Task it_keeps_to_the_rate()
    {
        site.RecordTenSegments(bytes: 10_000);
        var began = site.Clock.GetUtcNow();

        var result = await site.WhileTimePassesAsync(site.CopyAsync(Job(perSecond: 20_000)));

        Assert.Equal(100_000, result.BytesCopied);
        Assert.True(site.Clock.GetUtcNow() - began >= TimeSpan.FromSeconds(4.9), "100,000 bytes at 20,000 a second take 5 s");
    }

    [Fact]
    public void bytes_pass_when_their_time_has_come_and_not_before()
    {
        var clock = new FakeTimeProvider();
        var bucket = new TokenBucket(() => 1_000, clock);

        var second = bucket.TakeAsync(1_000, TestContext.Current.CancellationToken).AsTask();
        Assert.False(second.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(second.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(second.IsCompletedSuccessfully);
        Assert.True(
            new TokenBucket(() => null, clock)
                .TakeAsync(int.MaxValue, TestContext.Current.CancellationToken)
                .AsTask()
                .IsCompletedSuccessfully
        );
    }

    /// <summary>A clock that wakes up late takes nothing of the rate away; a pause is no credit for a burst.</summary>
    [Fact]
    [Covers("D13")]
    public void what_passed_late_is_made_up_for_and_a_pause_is_not()
    {
        var clock = new FakeTimeProvider();
        var bucket = new TokenBucket(() => 1_000, clock);
        for (var i = 0; i < 100; i++)
        {
            var pass = bucket.TakeAsync(20, TestContext.Current.CancellationToken).AsTask();
            while (!pass.IsCompleted)
                clock.Advance(TimeSpan.FromMilliseconds(1));
            clock.Advance(TimeSpan.FromMilliseconds(2));
        }
        Assert.InRange((clock.GetUtcNow() - clock.Start).TotalMilliseconds, 2_000, 2_010);
        clock.Advance(TimeSpan.FromSeconds(30));

        Assert.True(bucket.TakeAsync(100, TestContext.Current.CancellationToken).AsTask().IsCompletedSuccessfully);
        var more = bucket.TakeAsync(100, TestContext.Current.CancellationToken).AsTask();

        Assert.False(more.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(99));
        Assert.False(more.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(more.IsCompletedSuccessfully);
    }

    public static TheoryData<string, CopyChannelData> Nonsense =>
        new()
        {
            { "MaxBytes", Job(maxBytes: 0) },
            { "MaxBytes", Job(maxBytes: CopyWork.MostBytes + 1) },
            { "MaxItems", Job(maxItems: 0) },
            { "MaxItems", Job(maxItems: 5_001) },
            { "MaxSeconds", Job() with { MaxSeconds = 61 } },
            { "MaxBytesPerSecond", Job(perSecond: 0) },
            { "To", Job(seconds: 0) },
            { "To", Job(seconds: 3_601) },
            { "From", Job() with { From = Noon.ToOffset(TimeSpan.FromHours(2)) } },
            { "To", Job() with { To = Noon.AddSeconds(1).ToOffset(TimeSpan.FromHours(2)) } },
            { "TrackId", Job() with { TrackId = "" } },
            { "TrackId", Job() with { TrackId = new string('x', 4_001) } },
            { "OriginRecorderId", Job() with { OriginRecorderId = new string('x', 129) } },
            { "Kind", Job() with { Kind = (DataKind)77 } },
            { "Source", Job() with { Source = null! } },
            { "Source.Address", Job() with { Source = FailoverServerAt with { Address = new string('x', 513) } } },
            { "Target", Job() with { Target = FailoverServerAt } },
        };

    [Theory]
    [MemberData(nameof(Nonsense), DisableDiscoveryEnumeration = true)]
    public void nonsense_is_refused_by_naming_the_member(string member, CopyChannelData job)
    {
        Assert.False(CopyWork.TryFrom(job, out _, out var refusal));
        Assert.StartsWith(member + ":", refusal);
    }
}
