using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>Believed, the hold would begin after the footage, and each failover until that time would be history.</summary>
[Covers("F9", "D5", "I1")]
public sealed class When_the_clock_of_the_controller_is_ahead
{
    private static readonly DateTime Now = FailbackSpec.Morning.UtcDateTime;
    private static readonly Recorder Failed = new Site()[Site.Recorder]!;
    private static readonly Recorder Server = new Site()[Site.Server]!;

    [Theory]
    [InlineData(5)]
    [InlineData(24 * 365)]
    public void a_failover_is_taken_as_that_much_earlier_and_its_hold_with_it(int hours)
    {
        var effects = Completed(null, hours, Now.AddMinutes(1)).ToList();

        var entry = Assert.Single(effects.OfType<Save>().Select(x => x.Row).OfType<FailoverLogEntry>());
        Assert.Equal((Now, Now.AddMinutes(1)), (entry.FailoverStartedAt, entry.FailoverEndedAt));
        var hold = Assert.Single(effects.OfType<Publish>().Select(x => x.Message).OfType<HoldPeriod>());
        Assert.Equal(Now - Periods.MostClockSlack, hold.From.UtcDateTime);
        var later = FailbackSpec.Failover(Guid.NewGuid()) with { StartedAt = Now.AddHours(1), CompletedAt = Now.AddHours(1) };
        var next = FailoverEntries.Completed(
            null,
            later,
            [entry with { Failback = FailbackStatus.Succeeded }],
            Failed,
            Server,
            Now.AddHours(1)
        );
        Assert.Contains(next, x => x is Save { Row: Recorder { RecorderId: "rec-1", Role: RecorderRole.Broken } });
    }

    [Fact]
    public void a_failover_that_began_is_taken_as_of_now_and_stays_there_when_its_end_is_told_late()
    {
        var began = FailoverEntries.Started(Started(5), Failed, Now);
        Assert.Equal(Now, began.FailoverStartedAt);

        // Eight hours on the way: nothing is ahead of now any more.
        var effects = Completed(began, 5, Now.AddHours(8));

        Assert.Equal(Now, Assert.Single(effects.OfType<Save>().Select(x => x.Row).OfType<FailoverLogEntry>()).FailoverStartedAt);
    }

    /// <summary>Up to the hour that holds are widened by, the story stays as it is told.</summary>
    [Theory]
    [InlineData(-100)]
    [InlineData(0)]
    [InlineData(1)]
    public void a_clock_that_differs_as_clocks_may_is_believed(int hours)
    {
        Assert.Equal(Now.AddHours(hours), FailoverEntries.Started(Started(hours), Failed, Now).FailoverStartedAt);
        var effects = Completed(null, hours, Now.AddMinutes(1));
        Assert.Equal(
            Now.AddHours(hours),
            Assert.Single(effects.OfType<Save>().Select(x => x.Row).OfType<FailoverLogEntry>()).FailoverStartedAt
        );
    }

    private static FailoverStarted Started(int hours) =>
        new()
        {
            EntryId = Guid.NewGuid(),
            FailedRecorderId = "rec-1",
            FailoverServerId = "fo-1",
            StartedAt = FailbackSpec.Morning.AddHours(hours),
        };

    private static IEnumerable<Effect> Completed(FailoverLogEntry? known, int hours, DateTime now) =>
        FailoverEntries.Completed(known, FailbackSpec.Failover(Guid.NewGuid(), hour: hours), [], Failed, Server, now);
}
