using CsCheck;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>R5-R9 over any facts: the first check that fails names the reason, whoever asks.</summary>
public sealed class The_checks
{
    private static readonly Gen<Site> AnySite =
        from failover in Gen.Enum<FailoverStatus>()
        from failback in Gen.Enum<FailbackStatus>()
        from newer in Gen.Bool
        from server in Gen.Enum<RecorderRole>()
        from recorder in Gen.Enum<RecorderRole>()
        from licence in Gen.Bool
        from known in Gen.Int[0, 9]
        from called in Gen.Bool
        select Make(failover, failback, newer, server, recorder, licence, known, called);

    [Fact]
    [Covers("R5", "R6", "R7", "R8", "R9")]
    public void the_first_that_fails_names_the_reason() =>
        AnySite.Sample(site =>
        {
            var facts = site.Facts();
            var entry = facts.Entry(FailbackCells.Entry(site))!;
            Assert.Equal(Expected(entry, facts), FailbackChecks.BeforeStart(entry, facts));
        });

    [Fact]
    [Covers("R4", "R5", "R9")]
    public void automatic_and_manual_failback_are_refused_by_the_same_checks() =>
        AnySite.Sample(site =>
        {
            var facts = site.Facts();
            var automatic =
                facts.Newest is { } newest && AutomaticFailback.MayStart(facts) && FailbackChecks.BeforeStart(newest, facts) is null;
            var manual = FailbackChecks.BeforeManualStart(["operator"], facts.Newest, facts) is null;
            Assert.Equal(manual, automatic);
        });

    /// <summary>R16 and R17 add nothing to R5 and R9, and who may not start learns nothing else.</summary>
    [Fact]
    [Covers("R16", "R17", "R18", "D18")]
    public void what_people_are_shown_is_what_is_decided() =>
        (
            from site in AnySite
            from allowed in Gen.Bool
            from open in Gen.Bool
            select (site, role: allowed ? "operator" : "guest", open)
        ).Sample(x =>
        {
            var facts = x.site.Facts() with
            {
                ManualDuringMaintenance = x.open,
                Maintenance = new Maintenance { On = true },
            };
            var entry = facts.Entry(FailbackCells.Entry(x.site))!;
            var shown = FailbackChecks.OfManualStart([x.role], entry, facts).ToList();
            var first = shown.OrderBy(y => y.Id == "R18" ? 0 : 1).Select(y => y.Reason).FirstOrDefault(y => y is not null);
            Assert.Equal(FailbackChecks.BeforeManualStart([x.role], entry, facts), first);
        });

    [Fact]
    [Covers("E15", "D1")]
    public void a_damaged_entry_bars_itself_and_every_older_one() =>
        AnySite.Sample(site =>
        {
            var facts = site.Facts();
            var damaged = facts with { Entries = [facts.Entries[0] with { Failback = (FailbackStatus)(-1) }, .. facts.Entries.Skip(1)] };
            var expected = damaged.Recorder is null ? FailbackReason.NoRecorder : FailbackReason.InvalidLogState;
            Assert.All(damaged.Entries, x => Assert.Equal(expected, FailbackChecks.BeforeStart(x, damaged)));
            Assert.All(damaged.Entries.Skip(1), x => Assert.Equal(expected, FailbackChecks.BeforeRelease(x, damaged)));
            Assert.False(AutomaticFailback.MayStart(damaged));
        });

    [Fact]
    [Covers("D3")]
    public void whatever_may_be_released_may_have_started() =>
        AnySite.Sample(site =>
        {
            var facts = site.Facts();
            var entry = facts.Entry(FailbackCells.Entry(site))!;
            if (entry.AllowsFailback && FailbackChecks.BeforeRelease(entry, facts) is null)
                Assert.True(FailbackChecks.BeforeStart(entry, facts) is null or FailbackReason.AlreadyRunning);
        });

    [Fact]
    [Covers("R9", "I6", "I7")]
    public void any_history_has_one_failback_at_most_and_ends_it_once() =>
        (
            from events in Gen.Int[0, FailbackCells.Events.Length - 1].List[0, 40]
            from variants in Gen.Int[0, 3].List[40]
            from minutes in Gen.Int[0, 10].List[40]
            select (events, variants, minutes)
        ).Sample(
            x =>
            {
                var site = new Site();
                site.Failover();
                for (var i = 0; i < x.events.Count; i++)
                {
                    site.Now = site.Now.AddMinutes(x.minutes[i]);
                    var variants = FailbackCells.Variants(FailbackCells.Events[x.events[i]], site).ToList();
                    site.Hear(variants[x.variants[i] % variants.Count]);
                    Holds(site);
                }
            },
            iter: 2_000
        );

    private static void Holds(Site site)
    {
        var running = site.Facts().Entries.Count(x => x.Failback == FailbackStatus.Running);
        var works = site.State.CurrentState is FailbackStates.Restoring or FailbackStates.Releasing;
        Assert.Equal(works ? 1 : 0, running);
        var ended = site.All<FailbackCompleted>().Count + site.All<FailbackFailed>().Count;
        Assert.Equal(site.All<FailbackStarted>().Count, ended + running);
        // D3: somebody records at every instant; the failover server stands in until the recorder was seen recording.
        Assert.True(site[Site.Recorder]!.Role == RecorderRole.Recorder || site[Site.Server]!.Role == RecorderRole.Recorder);
        Assert.Equal(site.Effects.OfType<Publish>().Count(), site.Effects.OfType<Publish>().Select(x => x.MessageId).Distinct().Count());
    }

    private static FailbackReason? Expected(FailoverLogEntry entry, FailbackFacts facts)
    {
        if (facts.Recorder is null)
            return FailbackReason.NoRecorder;
        if (!entry.AllowsFailback || facts.Entries.First(x => x.AllowsFailback) != entry)
            return FailbackReason.InvalidLogState;
        if (!facts.FailoverServers.TryGetValue(entry.FailoverServerId, out var server))
            return FailbackReason.NoFailoverServer;
        if (server.Role != RecorderRole.Recorder || facts.Calls[server.RecorderId][0].FailedRecorderId != Site.Recorder)
            return FailbackReason.FailoverServerInWrongState;
        if (facts.Recorder.Role != RecorderRole.Broken)
            return FailbackReason.RecorderInWrongState;
        if (!facts.Licence.FailoverEnabled)
            return FailbackReason.NoLicence;
        return facts.Entries.Any(x => x.Failback == FailbackStatus.Running) ? FailbackReason.AlreadyRunning : null;
    }

    private static Site Make(
        FailoverStatus failover,
        FailbackStatus failback,
        bool newer,
        RecorderRole server,
        RecorderRole recorder,
        bool licence,
        int known,
        bool called
    )
    {
        var site = new Site { Licence = new Licence { FailoverEnabled = licence } };
        var entry = site.Failover();
        site.Set(entry, x => x with { Failover = failover, Failback = failback, FailbackStartedAt = site.Now });
        if (newer)
            site.Failover(2, Site.OtherServer);
        if (called)
            site.Failover(3, Site.Server, "rec-2");
        site.Set(Site.Server, x => x with { Role = server });
        site.Set(Site.Recorder, x => x with { Role = recorder });
        if (known == 0)
            site.Remove(Site.Recorder);
        if (known == 1)
            site.Remove(Site.Server);
        return site;
    }
}
