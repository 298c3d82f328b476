using Failback.Messages;
using Failback.Recorders;
using Failback.Saga;

namespace Failback.Simulation;

/// <summary>What happens at the site: recorders die and come back, people ask for this and that, licence and maintenance mode change.</summary>
internal sealed class Story(
    VirtualTime time,
    Dice dice,
    SimulatedSite site,
    Controller controller,
    SimulatedDatabase database,
    Clients clients,
    bool plain
)
{
    /// <summary>Dice of their own: a seed without such a loss keeps its story.</summary>
    private readonly Dice losses = dice.For("stand-ins");

    /// <summary>The same for those who try one channel again.</summary>
    private readonly Dice retries = dice.For("one channel");
    private readonly Dictionary<SimulatedRecorder, DateTimeOffset> died = [];

    /// <summary>From then on nothing new happens.</summary>
    public static readonly TimeSpan Ends = TimeSpan.FromMinutes(110);

    public void Begin()
    {
        foreach (var recorder in site.Failing)
            time.After(dice.Seconds(300, 1_500), () => Die(recorder, deaths: 1));
        if (plain)
            return;
        for (var i = dice.Between(0, 6); i > 0; i--)
            time.After(dice.Between(TimeSpan.Zero, Ends), Meddle);
        for (var i = dice.Between(0, 3); i > 0; i--)
            time.After(dice.Between(TimeSpan.Zero, Ends), Toggle);
        for (var i = retries.Between(0, 4); i > 0; i--)
            time.After(retries.Between(TimeSpan.FromMinutes(20), Ends), RetryOne);
    }

    /// <summary>All is as it should be again, and people finish what is left.</summary>
    public void Calm()
    {
        foreach (var recorder in site.Failing)
            Repaired(recorder, deaths: 3);
        foreach (var server in site.FailoverServers)
            Back(server);
        controller.Licence(true);
        controller.Maintenance(null, false);
        foreach (var recorder in site.Failing)
            controller.Maintenance(recorder.Id, false);
        foreach (var limited in database.Limits.Keys)
            controller.Tell(Limits(limited == CopyLimits.Site ? null : limited));
    }

    /// <summary>People ask for what is not done yet.</summary>
    public void Nudge()
    {
        if (clients.Gap(database.Changes.Count) is { } gap)
            controller.Tell(new ReportChangesSince { Number = gap - 1 }); // D19
        foreach (var recorder in site.Failing.Where(x => x.Up))
        {
            var newest = Entries(recorder).FirstOrDefault(x => x.AllowsFailback);
            if (newest is { Failback: not FailbackStatus.Running })
                controller.Tell(Ask(recorder.Id, newest.EntryId));
            foreach (var entry in Entries(recorder).Where(x => x is { Failback: FailbackStatus.Succeeded, InheritedBy: null }))
                if (NextForCopy(entry) is { } message)
                    controller.Tell(message);
        }
    }

    private object? NextForCopy(FailoverLogEntry entry)
    {
        var (id, copy) = (entry.EntryId, DerivedId.OfMaterialCopy(entry.EntryId));
        var givenUp = Channels(x => x.MaterialCopyId == copy && x.Status == ChannelCopyStatus.Failed);
        return entry.MaterialCopy switch
        {
            MaterialCopyStatus.Partial or MaterialCopyStatus.Failed when !plain && givenUp.Count > 0 && retries.Chance(0.3) => Retry(
                retries.Of(givenUp)
            ),
            MaterialCopyStatus.Paused => Resume(dice.Guid(), copy),
            MaterialCopyStatus.Succeeded when entry.Doubted => Copy(id),
            MaterialCopyStatus.None or MaterialCopyStatus.Failed or MaterialCopyStatus.Canceled or MaterialCopyStatus.Partial => Copy(id),
            _ => null,
        };
    }

    private void Die(SimulatedRecorder recorder, int deaths)
    {
        if (time.Elapsed >= Ends || !recorder.Up || recorder.State is not { Role: LiveRole.Recorder, Recording: true })
            return;
        recorder.LosePower();
        recorder.Dead = true;
        died[recorder] = time.UtcNow;
        controller.Lost(recorder, recorder);
        time.After(dice.Seconds(600, 3_000), () => Repaired(recorder, deaths));
        // A failback that waits for it ends now or later by milliseconds, and whether its recorder dies again depends on that: no comparison.
        if (!plain && losses.Chance(0.4))
            time.After(losses.Seconds(120, 2_400), () => LoseStandIn(recorder));
    }

    /// <summary>
    /// Who stands in dies too, or is out of reach and goes on recording: another is called, and the recorder has two open failovers (R26).
    /// </summary>
    private void LoseStandIn(SimulatedRecorder recorder)
    {
        if (time.Elapsed >= Ends || site.StandIns(recorder.Id).FirstOrDefault(x => x.Up) is not { State.Recording: true } standIn)
            return;
        if (losses.Chance(0.5))
            standIn.LosePower();
        else
            standIn.Unplug();
        standIn.Dead = true;
        controller.Lost(standIn, recorder);
        time.After(losses.Seconds(300, 3_000), () => Back(standIn));
    }

    /// <summary>The repaired machine is mute (D16): it takes no part until its settings come home.</summary>
    private void Repaired(SimulatedRecorder recorder, int deaths)
    {
        if (!recorder.Dead)
            return;
        if (!controller.TookOver(recorder, died[recorder]))
        {
            Back(recorder); // nobody took over: it is as it was
            return;
        }
        recorder.Become(LiveRole.Broken, recording: false);
        recorder.Settings = null;
        Back(recorder);
        if (!site.Options.AutomaticFailback)
            time.After(dice.Seconds(30, 600), () => controller.Tell(Ask(recorder.Id, null)));
        if (!plain && dice.Chance(0.4))
            for (var i = dice.Between(1, 5); i > 0; i--)
                time.After(dice.Seconds(0, 900), () => Flicker(recorder));
        if (deaths < 3 && dice.Chance(0.35))
            time.After(dice.Seconds(60, 1_800), () => Die(recorder, deaths + 1));
    }

    private void Back(SimulatedRecorder recorder)
    {
        if (!recorder.Dead)
            return;
        recorder.Dead = false;
        recorder.Return();
        controller.Connection(recorder, true);
    }

    /// <summary>The controller loses it and finds it again.</summary>
    private void Flicker(SimulatedRecorder recorder)
    {
        controller.Connection(recorder, false);
        time.After(dice.Seconds(1, 40), () => controller.Connection(recorder, recorder.Up));
    }

    /// <summary>People: a second operator, a double click, a change of mind, somebody without rights.</summary>
    private void Meddle()
    {
        var recorder = dice.Of(site.Failing);
        var entries = Entries(recorder).ToList();
        var entry = entries.Count == 0 ? dice.Guid() : dice.Of(entries).EntryId;
        var copy = DerivedId.OfMaterialCopy(entry);
        string[] roles = dice.Chance(0.1) ? ["guest"] : [SiteOptions.Operator];
        object asked = dice.Below(9) switch
        {
            0 => Ask(recorder.Id, dice.Chance(0.5) ? entry : null) with { Roles = roles },
            1 => new CancelFailback
            {
                RequestId = dice.Guid(),
                FailedRecorderId = recorder.Id,
                RequestedBy = "ben",
                Roles = roles,
            },
            2 => Copy(entry) with { Roles = roles },
            3 => new PauseMaterialCopy
            {
                RequestId = dice.Guid(),
                MaterialCopyId = copy,
                RequestedBy = "ben",
                Roles = roles,
            },
            4 => Resume(dice.Guid(), copy) with { Roles = roles },
            5 => new CancelMaterialCopy
            {
                RequestId = dice.Guid(),
                MaterialCopyId = copy,
                RequestedBy = "ben",
                Roles = roles,
            },
            8 => Limits(dice.Chance(0.5) ? recorder.Id : null) with
            {
                MaxBytesPerSecond = dice.Chance(0.5) ? 1_024L << dice.Below(12) : null,
                ChannelsAtOnce = dice.Chance(0.5) ? 1 + dice.Below(4) : null,
                Hours = dice.Chance(0.3) ? "Mon-Sun 06:00-05:00" : null,
                Roles = roles,
            },
            6 => new UpdateFailoverTaskStates { RecorderId = recorder.Id },
            _ => Fetch(recorder.Id, entries.Find(x => x.EntryId == entry)) with { MaterialCopyId = copy, Roles = roles },
        };
        controller.Tell(asked);
        if (dice.Chance(0.3))
            controller.Tell(asked);
    }

    /// <summary>Somebody tries one channel copy again: one that was given up, or now and then one that was not.</summary>
    private void RetryOne()
    {
        var some = Channels(x => x.Status == ChannelCopyStatus.Failed);
        if (some.Count == 0 && retries.Chance(0.1))
            some = Channels(_ => true);
        if (some.Count == 0)
            return;
        var asked = Retry(retries.Of(some));
        controller.Tell(asked);
        if (retries.Chance(0.3))
            controller.Tell(asked);
    }

    private List<ChannelCopy> Channels(Func<ChannelCopy, bool> which) =>
        [.. database.Channels.Values.Where(which).OrderBy(x => x.ChannelCopyId)];

    private ResumeMaterialCopy Retry(ChannelCopy one) => Resume(retries.Guid(), one.MaterialCopyId, one.ChannelCopyId);

    private void Toggle()
    {
        string? of = dice.Chance(0.5) ? dice.Of(site.Failing).Id : null;
        if (dice.Chance(0.5))
        {
            controller.Licence(false);
            time.After(dice.Seconds(10, 1_200), () => controller.Licence(true));
        }
        else
        {
            controller.Maintenance(of, true);
            time.After(dice.Seconds(10, 1_200), () => controller.Maintenance(of, false));
        }
    }

    private ManualFailbackRequested Ask(string recorderId, Guid? entryId) =>
        new()
        {
            RequestId = dice.Guid(),
            FailedRecorderId = recorderId,
            EntryId = entryId,
            RequestedBy = "anna",
            Roles = [SiteOptions.Operator],
        };

    private static ResumeMaterialCopy Resume(Guid request, Guid copy, Guid? channelCopy = null) =>
        new()
        {
            RequestId = request,
            MaterialCopyId = copy,
            ChannelCopyId = channelCopy,
            RequestedBy = "ben",
            Roles = [SiteOptions.Operator],
        };

    private StartDataCopy Copy(Guid entryId) =>
        new()
        {
            RequestId = dice.Guid(),
            EntryId = entryId,
            RequestedBy = "anna",
            Roles = [SiteOptions.Operator],
            Order = dice.Chance(0.5) ? (PeriodOrder)(1 + dice.Below(3)) : null,
        };

    private SetCopyLimits Limits(string? recorderId) =>
        new()
        {
            RequestId = dice.Guid(),
            RecorderId = recorderId,
            RequestedBy = "ben",
            Roles = [SiteOptions.Operator],
        };

    /// <summary>Ten minutes somewhere in the first hour of an entry, of a camera that there may be.</summary>
    private FetchPeriodNow Fetch(string recorderId, FailoverLogEntry? entry)
    {
        var from = (entry?.FailoverStartedAt.ToWire() ?? time.UtcNow).AddSeconds(dice.Below(3_600));
        return new FetchPeriodNow
        {
            RequestId = dice.Guid(),
            MaterialCopyId = DerivedId.OfMaterialCopy(entry?.EntryId ?? Guid.Empty),
            TrackId = $"{recorderId} camera {dice.Below(3)}",
            From = from,
            To = from.AddMinutes(10),
            RequestedBy = "ben",
            Roles = [SiteOptions.Operator],
        };
    }

    private IEnumerable<FailoverLogEntry> Entries(SimulatedRecorder recorder) =>
        database
            .Entries.Values.Where(x => x.FailedRecorderId == recorder.Id)
            .OrderByDescending(x => x.FailoverStartedAt)
            .ThenByDescending(x => x.EntryId);
}
