using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>The failback process tried in every state, with every event, in many circumstances: what came of it, a cell.</summary>
internal static class FailbackCells
{
    public static readonly string[] States =
    [
        FailbackStates.Initial,
        FailbackStates.Waiting,
        FailbackStates.Restoring,
        FailbackStates.Releasing,
    ];

    public static readonly string[] Events =
    [
        nameof(RecorderReconnected),
        nameof(RecorderDisconnected),
        nameof(FailbackDue),
        nameof(ManualFailbackRequested),
        nameof(CancelFailback),
        nameof(RecorderRecording),
        nameof(RecorderNotRestored),
        nameof(FailoverServerReleased),
        nameof(RestoreOverdue),
        nameof(FailoverCompleted),
    ];

    /// <summary>What changed before the event came.</summary>
    public static readonly IReadOnlyList<Action<Site>> Circumstances =
    [
        _ => { },
        x => x.Set(Site.Recorder, y => y with { AutomaticFailback = false }),
        x => x.Set(Site.Recorder, y => y with { FailoverEnabled = false }),
        x => x.Set(Site.Recorder, y => y with { Connected = false, ConnectionChangedAt = x.Now.AddSeconds(1) }),
        x => x.Set(Site.Recorder, y => y with { ConnectionChangedAt = x.Now }),
        x => x.Set(Site.Recorder, y => y with { Role = RecorderRole.Recorder }),
        x => x.Set(Site.Recorder, y => y with { MaintenanceMode = true }),
        x => x.Set(Site.Server, y => y with { Role = RecorderRole.FailoverServer }),
        x => x.Maintenance = new Maintenance { On = true },
        x => x.Licence = new Licence(),
        x => x.Remove(Site.Recorder),
        x => x.Remove(Site.Server),
        x => x.Failover(3, Site.OtherServer),
        x => x.Failover(3, Site.Server, "rec-2"),
        x => x.Set(Entry(x), y => y with { Tries = 3, TriesOn = x.Now.Date }),
        x => x.Set(Entry(x), y => y with { Failback = FailbackStatus.Succeeded }),
        x => x.Set(Entry(x), y => y with { FailedRecorderAddress = "http://127.0.0.1:2/rec-1" }),
        x => x.Forget(Entry(x)),
        x =>
        {
            var older = x.Failover(-1, Site.OtherServer);
            x.Set(older, y => y with { Failback = FailbackStatus.Succeeded, ReleasePending = true });
        },
    ];

    public static Guid Entry(Site site) => DerivedId.Of("spec entry", Site.Recorder, Site.Server, 0d);

    /// <summary>A site whose failback came into that state as it does.</summary>
    public static Site In(string state)
    {
        var site = new Site();
        site.Failover();
        if (state == FailbackStates.Waiting)
            site.ComesBack();
        if (state is FailbackStates.Restoring or FailbackStates.Releasing)
            site.Ask();
        if (state == FailbackStates.Releasing)
            site.Hear(site.Recording());
        Assert.Equal(state, site.State.CurrentState);
        return site;
    }

    /// <summary>The event as it should be, late, of another failback, by who may not.</summary>
    public static IEnumerable<object> Variants(string happened, Site site)
    {
        var (entry, now) = (Entry(site), site.Now.ToWire());
        return happened switch
        {
            nameof(RecorderReconnected) => new[] { 0, -3_600, 3_600 }.Select(x =>
                (object)new RecorderReconnected { RecorderId = Site.Recorder, At = now.AddSeconds(x) }
            ),
            nameof(RecorderDisconnected) => new[] { 0, -3_600, 3_600 }.Select(x =>
                (object)new RecorderDisconnected { RecorderId = Site.Recorder, At = now.AddSeconds(x) }
            ),
            nameof(FailbackDue) => new DateTimeOffset?[] { null, site.State.ConnectedSince?.ToWire(), now.AddSeconds(-1_000) }.Select(x =>
                (object)new FailbackDue { FailedRecorderId = Site.Recorder, ConnectedSince = x }
            ),
            nameof(ManualFailbackRequested) => new[] { "operator", "guard" }.Select(x =>
                (object)
                    new ManualFailbackRequested
                    {
                        RequestId = entry,
                        FailedRecorderId = Site.Recorder,
                        RequestedBy = "anna",
                        Roles = [x],
                    }
            ),
            nameof(CancelFailback) => new[] { "operator", "guard" }.Select(x =>
                (object)
                    new CancelFailback
                    {
                        RequestId = entry,
                        FailedRecorderId = Site.Recorder,
                        RequestedBy = "anna",
                        Roles = [x],
                    }
            ),
            nameof(FailoverCompleted) =>
            [
                Completed(DerivedId.Of("new"), 4, true),
                Completed(DerivedId.Of("new"), 4, false),
                Completed(DerivedId.Of("old"), -4, true),
                Completed(entry, 0, true),
            ],
            _ => Answers(happened, site),
        };
    }

    /// <summary>Of this attempt, of the one before, of an older entry, of another failback.</summary>
    private static IEnumerable<object> Answers(string happened, Site site)
    {
        var (entry, attempt, now) = (Entry(site), Math.Max(site.State.Attempt, 1), site.Now.ToWire());
        var older = DerivedId.Of("spec entry", Site.Recorder, Site.OtherServer, -1d);
        Func<(Guid Entry, int Attempt), object> make = happened switch
        {
            nameof(RecorderRecording) => x => new RecorderRecording
            {
                EntryId = x.Entry,
                FailedRecorderId = Site.Recorder,
                Attempt = x.Attempt,
                Settings = new DocumentReference { Digest = new string('a', 64), Length = 1 },
                RecordingSince = now,
            },
            nameof(RecorderNotRestored) => x => new RecorderNotRestored
            {
                EntryId = x.Entry,
                FailedRecorderId = Site.Recorder,
                Attempt = x.Attempt,
                Reason = FailbackReason.NoRecorderConnection,
            },
            nameof(FailoverServerReleased) => x => new FailoverServerReleased
            {
                EntryId = x.Entry,
                FailedRecorderId = Site.Recorder,
                Attempt = x.Attempt,
                FailoverServerId = Site.Server,
                ReleasedAt = now,
            },
            nameof(RestoreOverdue) => x => new RestoreOverdue
            {
                FailedRecorderId = Site.Recorder,
                EntryId = x.Entry,
                Attempt = x.Attempt,
            },
            _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, null),
        };
        return [make((entry, attempt)), make((entry, attempt - 1)), make((older, 0)), make((DerivedId.Of("another"), attempt))];
    }

    private static FailoverCompleted Completed(Guid id, double hour, bool succeeded) =>
        new()
        {
            EntryId = id,
            FailedRecorderId = Site.Recorder,
            FailoverServerId = Site.OtherServer,
            StartedAt = Site.Start.AddHours(hour).ToWire(),
            CompletedAt = Site.Start.AddHours(hour).AddMinutes(1).ToWire(),
            Succeeded = succeeded,
        };

    /// <summary>Each decision of the cell.</summary>
    public static IEnumerable<FailbackDecision> Decisions(string state, string happened)
    {
        foreach (var change in Circumstances)
        {
            var count = Variants(happened, In(state)).Count();
            for (var i = 0; i < count; i++)
            {
                var site = In(state);
                change(site);
                yield return site.Hear(Variants(happened, site).ElementAt(i));
            }
        }
    }

    /// <summary>What the document says of a cell.</summary>
    public static IEnumerable<string> Outcomes(string state, string happened) =>
        Decisions(state, happened).Select(x => Outcome(state, x)).Distinct();

    private static string Outcome(string state, FailbackDecision decision)
    {
        if (decision.Ignored)
            return "counted";
        var messages = decision.Effects.OfType<Publish>().Select(x => x.Message.GetType().Name).Distinct().ToList();
        var after = decision.State.CurrentState;
        var moved =
            after == FailbackStates.Final ? (state == FailbackStates.Initial ? "nothing is kept" : "**over**")
            : after == state ? "stays"
            : $"**{after}**";
        return messages.Count == 0 ? moved : $"{moved}: {string.Join(", ", messages)}";
    }
}
