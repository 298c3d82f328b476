using Failback.Saga;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static Failback.Tests.DoorsSpec;

namespace Failback.Tests;

/// <summary>What copying may take, and who did what, on both databases.</summary>
[NeedsServer]
public sealed class When_limits_and_the_audit_are_looked_at
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Covers("D13")]
    public async Task limits_are_those_set_and_those_in_force(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        CopyLimits Set(string recorder, long? rate, int? channels, string? hours) =>
            new()
            {
                RecorderId = recorder,
                MaxBytesPerSecond = rate,
                ChannelsAtOnce = channels,
                Hours = hours,
                ChangedBy = "anna",
                ChangedAt = Noon,
            };
        Assert.Equal(
            new CopyLimitsView(null, null, null, null, null, null, null, 1, null, "UTC"),
            await spec.Read.CopyLimitsAsync(null, Token)
        );

        await spec.SaveAsync(Set("", 8_000_000, 4, "Sat-Sun"), Set("rec-1", null, 2, null));
        await spec.SaveAsync(Copy(Entry("rec-9", 0), CopyStates.Copying));

        Assert.Equal(
            new CopyLimitsView(null, 8_000_000, 4, "Sat-Sun", "anna", Noon.ToWire(), 8_000_000, 4, "Sat-Sun", "UTC"),
            await spec.Read.CopyLimitsAsync(null, Token)
        );
        Assert.Equal(
            new CopyLimitsView("rec-1", null, 2, null, "anna", Noon.ToWire(), 4_000_000, 2, "Sat-Sun", "UTC"),
            await spec.Read.CopyLimitsAsync("rec-1", Token)
        );
    }

    [Theory, OnBothDatabases]
    [Covers("D14")]
    public async Task the_audit_is_paged_newest_first(DatabaseKind kind)
    {
        var time = new FakeTimeProvider(Noon);
        await using var spec = await OpenAsync(kind, x => x.AddSingleton<TimeProvider>(time));
        // Of one instant, so that ids decide.
        await spec.Store.RunAsync([
            .. Enumerable.Range(0, 60).Select(x => new Note(x % 3 == 0 ? "eve" : "anna", "asked", $"s-{x % 2}", "Accepted", $"{x}")),
        ]);
        var (seen, next) = (new List<AuditView>(), (string?)null);
        do
        {
            var page = await spec.Read.AuditAsync(new AuditQuery { Limit = 7, After = next }, Token);
            seen.AddRange(page.Rows);
            next = page.Next;
            await spec.Store.RunAsync(new Note("late", "asked", "s-0", "Accepted"));
        } while (next is not null);
        Assert.Equal(Enumerable.Range(0, 60).Order(), seen.Where(x => x.Who != "late").Select(x => int.Parse(x.Detail!)).Order());
        Assert.Distinct(seen.Select(x => x.AuditId));
        Assert.Equal(seen.Select(x => x.At).OrderDescending(), seen.Select(x => x.At));
        var narrow = await spec.Read.AuditAsync(
            new AuditQuery
            {
                Subject = "s-1",
                Who = "eve",
                Limit = 200,
            },
            Token
        );
        Assert.Equal((10, null), (narrow.Rows.Count, narrow.Next));
        Assert.All(narrow.Rows, x => Assert.Equal(("eve", "s-1"), (x.Who, x.Subject)));
    }
}
