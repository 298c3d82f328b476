using Failback.Recorders;
using Failback.Worker;
using Microsoft.Extensions.Time.Testing;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

/// <summary>Live recording comes first: copying slows down when the repaired recorder says that it suffers, and recovers.</summary>
[Covers("D13")]
public sealed class When_a_recorder_suffers_from_copying
{
    private readonly WorkerSite site = new();
    private readonly FakeTimeProvider clock = new(Noon);

    [Fact]
    public void each_time_it_drops_frames_it_goes_half_as_fast_and_it_never_stops()
    {
        var brake = new Brake(clock);
        Assert.Null(brake.Look(Says(0, 0)));
        var rates = new List<long>();
        for (var i = 1; i < 8; i++)
        {
            Pass(brake, 80 << 20);
            rates.Add(brake.Look(Says(0, i))!.Value);
            // Other slices of this process look at the same time.
            Assert.Null(brake.Look(Says(0, i + 1)));
            brake.Look(Says(0, i));
        }
        // 80 MiB in two seconds before the first.
        Assert.Equal(20 << 20, rates[0]);
        Assert.All(rates.Zip(rates.Skip(1)), x => Assert.Equal(Math.Max(x.First / 2, Brake.Least), x.Second));
        Assert.Equal(Brake.Least, rates[^1]);
    }

    [Fact]
    public void a_slow_write_brakes_once_in_the_ten_seconds_in_which_it_is_seen()
    {
        var brake = new Brake(clock);
        Pass(brake, 0);
        Assert.Equal(32 << 20, brake.Look(Says(0.6, 0)));
        for (var i = 0; i < 4; i++)
        {
            Pass(brake, 20 << 20);
            Assert.Null(brake.Look(Says(0.6, 0)));
        }
        Pass(brake, 20 << 20);
        Assert.Equal(5 << 20, brake.Look(Says(0.6, 0)));
    }

    [Fact]
    public void it_goes_faster_again_after_a_while_and_is_free_in_the_end()
    {
        var brake = new Brake(clock);
        brake.Look(Says(0, 5));
        Pass(brake, 40 << 20);
        var held = brake.Look(Says(0, 6))!.Value;
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Null(brake.Look(Says(0.4, 6)));
        Assert.Equal(held, brake.Rate);
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(brake.Look(Says(0.4, 6)));
        Assert.Equal(held * 5 / 4, brake.Rate);
        // However long nobody looked.
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Null(brake.Look(Says(0.4, 6)));
        Assert.Null(brake.Rate);
    }

    [Fact]
    public void what_was_dropped_before_it_looked_is_no_news_and_a_restart_is_none_either()
    {
        var brake = new Brake(clock);
        foreach (var dropped in new[] { 500, 500, 0 })
        {
            Assert.Null(brake.Look(Says(0, dropped)));
            Pass(brake, 0);
        }
        Assert.NotNull(brake.Look(Says(0, 1)));
    }

    [Fact]
    public async Task a_slice_is_held_to_the_rate_and_looks_again_while_it_goes_on()
    {
        site.RecordTenSegments(bytes: 4 << 20);
        (site.Recorder.WriteSeconds, site.Recorder.Dropped) = (0, 0);
        Suffer(6);
        Assert.Equal(Brake.Least, site.Brakes.Of("rec-1").Rate);
        var began = site.Clock.GetUtcNow();

        var result = await site.WhileTimePassesAsync(site.CopyAsync(Job() with { MaxSeconds = 2 }));

        // An item of 4 MiB at 1 MiB a second is beyond the slice's two seconds and not cut.
        Assert.InRange(result.Verified, 1, 2);
        Assert.Null(result.Failure);
        Assert.InRange((site.Clock.GetUtcNow() - began).TotalSeconds, 3.9, 9);
        Assert.InRange(site.Recorder.Calls.Count(x => x == "GetStatus"), 2, 6);
    }

    [Fact]
    [Covers("F3")]
    public async Task that_an_item_takes_minutes_then_is_not_the_recorders_fault()
    {
        site.FailoverServer.Add(Video, Noon, TimeSpan.FromSeconds(10), Bytes(1, 60 << 20));
        site.FailoverServer.Add(Video, Noon.AddSeconds(10), TimeSpan.FromSeconds(10), Bytes(2, 60 << 20));
        Suffer(6);

        var both = Enumerable
            .Range(0, 2)
            .Select(x => site.CopyAsync(Job(seconds: 10) with { From = Noon.AddSeconds(10 * x), To = Noon.AddSeconds(10 * (x + 1)) }));
        var results = await site.WhileTimePassesAsync(Task.WhenAll(both));

        Assert.All(results, x => Assert.Equal((1, null), (x.Verified, x.Failure)));
    }

    [Fact]
    public async Task nothing_is_fetched_by_a_recorder_that_suffers()
    {
        site.FailoverServer.Features = RecorderFeatures.Tickets;
        site.Recorder.Features = RecorderFeatures.CopyFrom;
        site.Recorder.Reaches = site.FailoverServer;
        site.RecordTenSegments();
        Suffer(1);

        var result = await site.WhileTimePassesAsync(site.CopyAsync(Job()));

        Assert.Equal(10, result.Copied);
        Assert.DoesNotContain("CopyFrom", site.Recorder.Calls);
    }

    [Fact]
    public async Task a_recorder_over_http_says_how_its_writes_are_and_what_it_dropped()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: true);
        var status = await stand.Recorder.GetStatusAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0.0, 0L), (status.WriteSeconds, status.Dropped));
        stand.Reference.Drop(7);
        Assert.Equal(7, (await stand.Recorder.GetStatusAsync(TestContext.Current.CancellationToken)).Dropped);
    }

    [Fact]
    public void writes_of_late_are_those_of_ten_seconds()
    {
        var writes = new RecentWrites(clock);
        Assert.Equal(TimeSpan.Zero, writes.Slowest);
        Write(writes, TimeSpan.FromSeconds(0.7));
        for (var i = 0; i < 5; i++)
            Write(writes, TimeSpan.FromSeconds(0.1));
        Assert.Equal(TimeSpan.FromSeconds(0.7), writes.Slowest);
        for (var i = 0; i < 500; i++)
            Write(writes, TimeSpan.FromSeconds(0.01));
        Assert.Equal(TimeSpan.FromSeconds(0.7), writes.Slowest);
        clock.Advance(TimeSpan.FromSeconds(4.5));
        Assert.Equal(TimeSpan.FromSeconds(0.1), writes.Slowest);
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.Zero, writes.Slowest);
    }

    private void Suffer(int times)
    {
        site.Brakes.Of("rec-1").Look(Says(0, 0));
        for (var i = 1; i <= times; i++)
        {
            site.Clock.Advance(TimeSpan.FromSeconds(2));
            site.Brakes.Of("rec-1").Look(Says(0, i));
        }
    }

    private void Write(RecentWrites writes, TimeSpan takes)
    {
        var began = clock.GetTimestamp();
        clock.Advance(takes);
        writes.Took(began);
    }

    private void Pass(Brake brake, int bytes)
    {
        brake.Passed(bytes);
        clock.Advance(TimeSpan.FromSeconds(2));
    }

    private static RecorderStatus Says(double writeSeconds, long dropped) =>
        new()
        {
            RecorderId = "rec-1",
            Name = "rec-1",
            Role = LiveRole.Recorder,
            Recording = true,
            Time = Noon,
            Version = "1.0.0",
            SettingsFormat = "vms-9",
            WriteSeconds = writeSeconds,
            Dropped = dropped,
        };
}
