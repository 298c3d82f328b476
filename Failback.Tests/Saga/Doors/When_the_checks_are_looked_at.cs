using Failback.Messages;
using Failback.Saga;
using static Failback.Tests.DoorsSpec;

namespace Failback.Tests;

/// <summary>What a failback would meet is shown check by check, as deciding would find it.</summary>
[NeedsServer]
public sealed class When_the_checks_are_looked_at
{
    private static readonly string[] Order = ["R5", "R6", "R7", "R8", "R9", "R16", "R17", "R18", "D18", "R42"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Covers("R5", "R6", "R7", "R8", "R9", "R16", "R17", "R18", "D18", "D1")]
    public async Task each_has_its_own_outcome(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var entry = Entry("rec-1", 0);
        await spec.SaveAsync(Recorder("rec-1", RecorderRole.Broken), Recorder("fo-1", RecorderRole.Recorder), entry);
        await spec.SaveAsync(new Licence { FailoverEnabled = true });
        Assert.Equal("", await Failed(Anna));
        Assert.Equal("R18 Forbidden", await Failed(Eve));
        Assert.Null(await spec.Read.ChecksAsync(Guid.NewGuid(), Anna, Token));

        await spec.SaveAsync(new Licence { FailoverEnabled = false, Version = 1 });
        await spec.SaveAsync(Recorder("fo-1", RecorderRole.FailoverServer) with { Version = 1 });
        Assert.Equal("R6 FailoverServerInWrongState, R8 NoLicence, R18 Forbidden", await Failed(Eve));

        await spec.SaveAsync(Recorder("rec-1", RecorderRole.Recorder) with { Version = 1 });
        await spec.SaveAsync(entry with { Version = 1, Failback = FailbackStatus.Running });
        Assert.Equal(
            "R6 FailoverServerInWrongState, R7 RecorderInWrongState, R8 NoLicence, R9 AlreadyRunning, R17 AlreadyRunning",
            await Failed(Anna)
        );

        var newer = Entry("rec-1", 5, "fo-9") with { Failover = FailoverStatus.Failed };
        await spec.SaveAsync(newer);
        Assert.Equal(
            "R5 InvalidLogState, R6 NoFailoverServer, R7 RecorderInWrongState, R8 NoLicence, R9 AlreadyRunning, R16 InvalidLogState",
            await Failed(Anna, newer.EntryId)
        );

        async Task<string> Failed(Asker asker, Guid? of = null)
        {
            var checks = (await spec.Read.ChecksAsync(of ?? entry.EntryId, asker, Token))!;
            Assert.Equal(Order, checks.Select(x => x.Id));
            Assert.All(checks, x => Assert.Equal(x.Reason is null, x.Passed));
            return string.Join(", ", checks.Where(x => !x.Passed).Select(x => $"{x.Id} {x.Reason}"));
        }
    }

    [Theory, OnBothDatabases]
    [Covers("D18")]
    public async Task maintenance_bars_a_person_only_where_it_is_configured_so(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(
            kind,
            services =>
                Microsoft.Extensions.DependencyInjection.OptionsServiceCollectionExtensions.Configure<FailbackRules>(
                    services,
                    x => x.ManualDuringMaintenance = false
                )
        );
        var entry = Entry("rec-1", 0);
        await spec.SaveAsync(Recorder("rec-1", RecorderRole.Broken), Recorder("fo-1", RecorderRole.Recorder), entry);
        await spec.SaveAsync(new Licence { FailoverEnabled = true });
        await spec.SaveAsync(new Maintenance { On = true });
        var checks = await spec.Read.ChecksAsync(entry.EntryId, Anna, Token);
        Assert.Equal([new CheckView("D18", FailbackReason.MaintenanceMode)], checks!.Where(x => !x.Passed));
    }
}
