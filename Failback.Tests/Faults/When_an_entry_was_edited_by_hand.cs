using Failback.Messages;
using Failback.Saga;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Tests;

/// <summary>Somebody wrote nonsense into the failover log; the process that reads it goes on.</summary>
[NeedsServer]
public sealed class When_an_entry_was_edited_by_hand
{
    private static readonly (string Column, string[] Words)[] Columns =
    [
        ("failover", ["", "Nonsense", "99", "-1", "Running", "Failed"]),
        ("failback", ["", "Nonsense", "99", "-1", "Running", "Succeeded"]),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Covers("E15", "I18")]
    public async Task whatever_its_states_say_a_request_is_refused_with_a_reason_and_the_entry_is_left_alone(DatabaseKind kind)
    {
        await using var database = await SpecDatabase.CreateAsync(kind);
        await using var saga = await SagaProcess.StartAsync(database.ConnectionString);
        var spec = new FailbackSpec(saga);
        await spec.SiteAsync(automatic: false);
        var entry = await spec.FailoverAsync();
        var wrong = new List<string>();
        foreach (var (column, words) in Columns)
        {
            foreach (var word in words)
            {
                await SetAsync(saga, column, word);
                var expected = (column, word) is ("failback", "Running") ? FailbackReason.AlreadyRunning : FailbackReason.InvalidLogState;
                var request = await spec.AskAsync(entry);
                try
                {
                    var heard = await Eventually.Get(
                        "refused",
                        () => spec.Worker.Heard<FailbackRejected>().FirstOrDefault(x => x.RequestId == request),
                        x => x is not null,
                        TimeSpan.FromSeconds(8)
                    );
                    if (heard!.Reason != expected)
                        wrong.Add($"{column} '{word}': {heard.Reason}");
                }
                catch (TimeoutException)
                {
                    wrong.Add($"{column} '{word}': no answer");
                }
                if (await GetAsync(saga, column) is var now && now != word)
                    wrong.Add($"{column} '{word}': became '{now}'");
            }
            await SetAsync(saga, column, column == "failover" ? "Succeeded" : "None");
        }
        Assert.Empty(wrong);
        Assert.Empty(spec.Worker.Heard<RestoreRecorder>());
        await spec.AskAsync(entry); // mended, it can be started
        await spec.BecomesAsync(entry, "Succeeded");
        Figures.Say($"{Columns.Sum(x => x.Words.Length)} states edited by hand: all refused with a reason, none changed");
    }

    private static Task<int> SetAsync(SagaProcess saga, string column, string word) =>
        InAsync(
            saga,
            x =>
                column == "failover"
                    ? x.Database.ExecuteSqlAsync($"UPDATE failover_log SET failover = {word}", Token)
                    : x.Database.ExecuteSqlAsync($"UPDATE failover_log SET failback = {word}", Token)
        );

    private static Task<string> GetAsync(SagaProcess saga, string column) =>
        InAsync(
            saga,
            x =>
                column == "failover"
                    ? x.Database.SqlQuery<string>($"SELECT failover AS \"Value\" FROM failover_log").SingleAsync(Token)
                    : x.Database.SqlQuery<string>($"SELECT failback AS \"Value\" FROM failover_log").SingleAsync(Token)
        );

    private static async Task<T> InAsync<T>(SagaProcess saga, Func<FailbackDbContext, Task<T>> work)
    {
        await using var scope = saga.Service<IServiceScopeFactory>().CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<FailbackDbContext>());
    }
}
