using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>
/// The failback process under random sequences of its events: as they should be, late, of another failback, by who may not, repeated. The
/// log moves along its edges only, one failback runs at a time, and no step comes without the one before it in the same attempt.
/// </summary>
[Covers("I4", "I6", "I7", "I8", "A17", "A18", "A20")]
public sealed class Any_order_of_events
{
    private static readonly (FailbackStatus, FailbackStatus)[] Edges =
    [
        (FailbackStatus.None, FailbackStatus.Running),
        (FailbackStatus.Failed, FailbackStatus.Running),
        (FailbackStatus.Running, FailbackStatus.Succeeded),
        (FailbackStatus.Running, FailbackStatus.Failed),
        // Closed together with the newer entry of its recorder (R25, R26).
        (FailbackStatus.None, FailbackStatus.Succeeded),
        (FailbackStatus.Failed, FailbackStatus.Succeeded),
    ];

    [Fact]
    public void keeps_the_log_on_its_edges_and_the_steps_in_order()
    {
        var (sequences, events, completed) = (Programme.Pick(3_000, 50_000), 0, 0);
        for (var i = 0; i < sequences; i++)
        {
            var seed = new FuzzRun("events", 0).SeedOf(i);
            try
            {
                var (heard, ended) = Story(new Random(seed));
                (events, completed) = (events + heard, completed + ended);
            }
            catch (Exception broken)
            {
                throw new InvalidOperationException($"sequence {i}, seed {seed}: {broken.Message}", broken);
            }
        }
        Assert.True(completed > sequences / 10, $"only {completed} failbacks came to an end");
        Figures.Say(
            $"{events} events in {sequences} sequences of turn {Programme.Rotation}, {completed} failbacks completed, I4, I6 and I7 held"
        );
    }

    [Fact]
    public void any_event_in_any_state_is_decided_and_the_same_again_changes_nothing_more()
    {
        var (cells, again) = (0, 0);
        foreach (var state in FailbackCells.States)
        foreach (var happened in FailbackCells.Events)
        foreach (var change in FailbackCells.Circumstances)
        {
            var variants = FailbackCells.Variants(happened, FailbackCells.In(state)).Count();
            for (var i = 0; i < variants; i++)
            {
                var site = FailbackCells.In(state);
                change(site);
                var message = FailbackCells.Variants(happened, site).ElementAt(i);
                site.Hear(message);
                cells++;
                // A person who asks twice asks twice: the inbox knows a repeated request by its message id.
                if (message is ManualFailbackRequested or CancelFailback)
                    continue;
                var (rows, commands) = (site.Rows(), Commands(site));
                for (var times = 0; times < 3; times++, again++)
                    site.Hear(message);
                Assert.True(rows == site.Rows(), $"{state} x {happened} #{i} again:\n{rows}\n\n{site.Rows()}");
                Assert.Equal(commands, Commands(site));
            }
        }
        Figures.Say(
            $"{cells} cells of {FailbackCells.States.Length} states and {FailbackCells.Events.Length} events decided, {again} repetitions changed nothing"
        );
    }

    private static int Commands(Site site) =>
        site.Published.Count(x => x is RestoreRecorder or ReleaseFailoverServer or FailbackCompleted or FailbackStarted);

    private static (int Heard, int Completed) Story(Random random)
    {
        var site = new Site(automatic: random.Next(2) == 0);
        site.Failover();
        var heard = new List<object>();
        var steps = new Steps();
        for (var left = random.Next(5, 40); left > 0; left--)
        {
            if (random.Next(8) == 0)
                Change(site, FailbackCells.Circumstances[random.Next(1, FailbackCells.Circumstances.Count)]);
            if (random.Next(3) == 0 && site[Site.Recorder] is not null)
                site.Set(Site.Recorder, x => x with { Connected = true, MaintenanceMode = false, Role = x.Role });
            site.Now = site.Now.AddSeconds(random.Next(120));
            var message = Next(site, random, heard);
            heard.Add(message);
            var before = Statuses(site);
            var effects = site.Effects.Count;
            var state = site.State;
            site.Hear(message);
            LookAtLog(before, Statuses(site));
            steps.Take(message, state, [.. site.Effects.Skip(effects)]);
        }
        return (heard.Count, site.All<FailbackCompleted>().Count);
    }

    private static void Change(Site site, Action<Site> change)
    {
        try
        {
            change(site);
        }
        catch (KeyNotFoundException)
        {
            // An earlier change took away what this one is about.
        }
    }

    /// <summary>Mostly what would come next, so that stories get somewhere; else anything, or something again.</summary>
    private static object Next(Site site, Random random, List<object> heard)
    {
        if (heard.Count > 0 && random.Next(5) == 0)
            return heard[random.Next(heard.Count)];
        var likely = site.State.CurrentState switch
        {
            FailbackStates.Restoring when site[Site.Recorder] is not null => nameof(RecorderRecording),
            FailbackStates.Releasing => nameof(FailoverServerReleased),
            FailbackStates.Waiting => nameof(FailbackDue),
            _ => nameof(ManualFailbackRequested),
        };
        var happened = random.Next(2) == 0 ? likely : FailbackCells.Events[random.Next(FailbackCells.Events.Length)];
        if (site.State.EntryId is not null && random.Next(3) > 0)
            return Answer(happened, site) ?? Any(happened, site, random);
        return Any(happened, site, random);
    }

    private static object Any(string happened, Site site, Random random)
    {
        var variants = FailbackCells.Variants(happened, site).ToList();
        return variants[random.Next(variants.Count)];
    }

    private static object? Answer(string happened, Site site) =>
        happened switch
        {
            nameof(RecorderRecording) => site.All<RestoreRecorder>() is [.., var told] ? Site.Recording(told) : null,
            nameof(FailoverServerReleased) => site.All<ReleaseFailoverServer>() is [.., var told] ? Site.Released(told) : null,
            _ => null,
        };

    private static Dictionary<Guid, FailbackStatus> Statuses(Site site) =>
        site.Facts().Entries.ToDictionary(x => x.EntryId, x => x.Failback);

    private static void LookAtLog(Dictionary<Guid, FailbackStatus> before, Dictionary<Guid, FailbackStatus> after)
    {
        Assert.True(after.Values.Count(x => x == FailbackStatus.Running) <= 1, "two failbacks of one recorder run (I6)");
        foreach (var (entry, now) in after)
            if (before.TryGetValue(entry, out var then) && then != now)
                Assert.True(Edges.Contains((then, now)), $"the log moved from {then} to {now} (I4)");
    }

    /// <summary>What each message may lead to, given what came before it in its attempt (I7).</summary>
    private sealed class Steps
    {
        private readonly HashSet<Guid> succeeded = [];

        public void Take(object message, FailbackState state, IReadOnlyList<Effect> effects)
        {
            var messages = effects.OfType<Publish>().Select(x => x.Message).ToList();
            Assert.True(messages.OfType<RestoreRecorder>().Count() <= 1 && messages.OfType<FailbackCompleted>().Count() <= 1);
            if (messages.OfType<RestoreRecorder>().Any())
                Assert.True(
                    message is FailbackDue or ManualFailbackRequested
                        || (message is RestoreOverdue && state.CurrentState == FailbackStates.Restoring),
                    $"settings sent home after {message.GetType().Name} in {state.CurrentState}"
                );
            if (messages.OfType<FailbackCompleted>().SingleOrDefault() is not { } completed)
                return;
            Assert.Equal(FailbackStates.Releasing, state.CurrentState);
            // Released, or the recorder failed again meanwhile (E2).
            if (message is FailoverCompleted again)
                Assert.True(again.Succeeded && again.EntryId != state.EntryId, "ended by its own failover");
            else
            {
                var released = Assert.IsType<FailoverServerReleased>(message);
                Assert.Equal((state.EntryId, state.Attempt), (released.EntryId, released.Attempt));
            }
            Assert.True(succeeded.Add(completed.EntryId), "a failback completed twice");
        }
    }
}
