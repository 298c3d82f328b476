using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>Every message of a failback again, in the state it caused and in every later one, and in every order (I8).</summary>
[Covers("A14", "A17")]
public sealed class When_messages_come_twice_or_late
{
    /// <summary>The messages of a failback that went well, in order.</summary>
    private static (Site Site, List<object> Messages) Story(int steps, bool automatic)
    {
        var site = new Site();
        var entry = site.Failover();
        var messages = new List<object> { site.Completed(entry) };
        if (automatic)
            messages.Add(new RecorderReconnected { RecorderId = Site.Recorder, At = site.Now.ToWire() });
        else
            messages.Add(
                new ManualFailbackRequested
                {
                    RequestId = entry,
                    FailedRecorderId = Site.Recorder,
                    RequestedBy = "anna",
                    Roles = ["operator"],
                }
            );
        site.Hear(messages[0]);
        site.Hear(messages[1]);
        if (automatic)
        {
            var due = site.Effects.OfType<Publish>().Single();
            site.Now = due.NotBefore!.Value;
            Tell(() => due.Message);
        }
        Tell(site.Recording);
        Tell(site.Released);
        return (site, messages);

        void Tell(Func<object> next)
        {
            if (messages.Count >= steps)
                return;
            messages.Add(next());
            site.Hear(messages[^1]);
        }
    }

    public static TheoryData<bool, int, int> LaterStates()
    {
        var cases = new TheoryData<bool, int, int>();
        foreach (var automatic in new[] { true, false })
        {
            var all = Story(99, automatic).Messages.Count;
            for (var steps = 2; steps <= all; steps++)
            for (var repeated = 0; repeated < steps; repeated++)
                cases.Add(automatic, steps, repeated);
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(LaterStates))]
    [Covers("R9", "D9")]
    public void a_repeated_message_changes_nothing_in_any_later_state(bool automatic, int steps, int repeated)
    {
        var (site, messages) = Story(steps, automatic);
        var (before, commands) = (site.Rows(), Commands(site));
        for (var times = 0; times < 3; times++)
            site.Hear(messages[repeated]);
        Assert.Equal(before, site.Rows());
        Assert.Equal(commands, Commands(site));
    }

    [Fact]
    [Covers("R9")]
    public void answers_of_an_older_attempt_change_nothing()
    {
        var site = new Site();
        site.Failover();
        site.Ask();
        var (recording, failed) = (site.Recording(), site.NotRestored(FailbackReason.Incompatible));
        site.Overdue();
        var before = site.Rows();
        Assert.True(site.Hear(recording).Ignored);
        Assert.True(site.Hear(failed).Ignored);
        Assert.Equal(before, site.Rows());
        site.Hear(site.Recording());
        var released = site.Released();
        site.Overdue();
        Assert.True(site.Hear(released).Ignored);
        site.Hear(site.Released());
        Assert.Single(site.All<FailbackCompleted>());
    }

    [Fact]
    [Covers("R9")]
    public void answers_of_a_failback_that_failed_do_not_touch_the_next_one()
    {
        var site = new Site();
        var entry = site.Failover();
        site.Ask();
        var late = site.Recording();
        site.Hear(site.NotRestored(FailbackReason.NoRecorderConnection));
        Assert.True(site.Hear(late).Ignored);
        site.Ask();
        Assert.True(site.Hear(late).Ignored);
        Assert.True(
            site.Hear(
                new RestoreOverdue
                {
                    FailedRecorderId = Site.Recorder,
                    EntryId = entry,
                    Attempt = late.Attempt,
                }
            ).Ignored
        );
        Assert.Equal(FailbackStates.Restoring, site.State.CurrentState);
    }

    [Fact]
    [Covers("D12", "E1")]
    public void connections_out_of_order_do_not_shorten_the_wait()
    {
        var site = new Site();
        site.Failover();
        var first = site.Now;
        site.ComesBack(first);
        site.Now = first.AddSeconds(30);
        site.ComesBack(site.Now);
        Assert.True(site.Leaves(first.AddSeconds(15)).Ignored); // it came after the connection that ended it
        Assert.True(site.ComesBack(first).Ignored);
        var due = site.Effects.OfType<Publish>().Select(x => (Due: (FailbackDue)x.Message, x.NotBefore)).ToList();
        site.Now = due[0].NotBefore!.Value;
        Assert.True(site.Hear(due[0].Due).Ignored);
        Assert.Equal(FailbackStates.Waiting, site.State.CurrentState);
        site.Now = due[1].NotBefore!.Value;
        site.Hear(due[1].Due);
        Assert.Equal(FailbackStates.Restoring, site.State.CurrentState);
    }

    /// <summary>What workers were told and what was announced; refusals of repeated requests may be said again.</summary>
    private static int Commands(Site site) => site.Published.Count(x => x is not (FailbackRejected or FailbackDue));
}
