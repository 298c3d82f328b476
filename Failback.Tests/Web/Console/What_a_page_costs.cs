using System.Runtime.CompilerServices;
using Failback.Benchmarks;
using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using Failback.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using static Failback.Tests.DoorsSpec;

namespace Failback.Tests;

/// <summary>
/// Opening a page costs as many statements with many rows as with few: they are counted, over HTTP and a circuit, on a database. The frame
/// that comes as HTML costs none: rows are read once, by the circuit.
/// </summary>
[NeedsServer]
public sealed class What_a_page_costs : IAsyncDisposable
{
    private const int RowsOfLog = 25;
    private const int RowsOfDirectory = 50;
    private static readonly FailoverLogEntry Large = Entry("rec-large", -1, "fo-large", failedBack: true);
    private static readonly MaterialCopyState LargeCopy = Copy(Large, CopyStates.Copying);
    private readonly Statements statements = new();
    private readonly List<FailoverLogEntry> active = [];
    private readonly List<FailoverLogEntry> finalised = [];
    private readonly TempFolder folder = new();
    private DoorsSpec? spec;
    private WebApplication? app;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    public async Task a_page_of_fifty_rows_costs_as_many_statements_as_one_of_five(DatabaseKind kind)
    {
        spec = await OpenAsync(kind);
        await spec.AddAsync([Large, LargeCopy]);
        using var visitor = await SignInAsync();

        await FillAsync(5);
        var few = await CostsAsync(visitor);
        await FillAsync(50);
        var many = await CostsAsync(visitor);

        Assert.Equal(few, many);
        Assert.Equal("log 0 + 16, finalised 0 + 16, entry 0 + 17, recorders 0 + 13, audit 0 + 3", many);
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
            await app.EndAsync();
        if (spec is not null)
            await spec.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>The console on the real doors, without news that would look at the database meanwhile.</summary>
    private async Task<Visitor> SignInAsync()
    {
        app = FailbackHost.Build(
            [
                $"--ConnectionStrings:Database={spec!.Store.ConnectionString}",
                $"--Failback:Web:Folder={folder.Path}",
                "--Failback:Web:RequestsPerMinute=100000",
            ],
            "web-spec",
            "http://127.0.0.1:0",
            (services, configuration) =>
            {
                services.AddLogging(x => x.ClearProviders());
                services.AddFailbackAsking(configuration);
                services.ConfigureDbContext<PostgresFailbackDbContext>(x => x.AddInterceptors(statements));
                services.ConfigureDbContext<SqliteFailbackDbContext>(x => x.AddInterceptors(statements));
                services.AddFailbackWeb(configuration, hostsBus: true);
                services.Replace(ServiceDescriptor.Singleton<ILiveFeed>(new NoNews()));
            },
            x => x.MapFailbackWeb()
        );
        var oneTime = app.Services.GetRequiredService<OperatorAccount>().Make()!;
        await app.StartAsync(Token);
        return await Visitor.SignInAsync(new Uri(app.Urls.First() + "/"), oneTime, Token);
    }

    /// <summary>So many active and finalised entries with their recorders and copies, channels of the large copy, and lines of the audit.</summary>
    private async Task FillAsync(int all)
    {
        var (rows, lines) = (new List<IRow>(), new List<Effect>());
        for (var i = active.Count; i < all; i++)
        {
            active.Add(Entry($"rec-{i:D2}", 2 * i, $"fo-{i:D2}", failedBack: true));
            finalised.Add(
                Entry($"rec-{i:D2}", 2 * i + 1, $"fo-{i:D2}", failedBack: true) with
                {
                    MaterialCopy = MaterialCopyStatus.Succeeded,
                }
            );
            var copies = new[] { Copy(active[i], CopyStates.Queued), Copy(finalised[i], CopyStates.Succeeded) };
            rows.AddRange([active[i], finalised[i], .. copies, .. copies.Select(x => Channel(x, 0)), Channel(LargeCopy, i)]);
            rows.AddRange([Recorder($"rec-{i:D2}", RecorderRole.Recorder), Recorder($"fo-{i:D2}", RecorderRole.FailoverServer)]);
            lines.AddRange(
                new[] { Large.EntryId, LargeCopy.CorrelationId }.Select(x => new Note("anna", "asked", x.ToString(), "Accepted"))
            );
        }
        await spec!.AddAsync(rows);
        await spec.Store.RunAsync([.. lines]);
    }

    private async Task<string> CostsAsync(Visitor visitor)
    {
        var count = active.Count;
        var last = Math.Max(0, count - RowsOfLog);
        var costs = new (string Page, string Path, string Last)[]
        {
            ("log", "/", active[last].EntryId.ToString()),
            ("finalised", "/?list=finalised", finalised[last].EntryId.ToString()),
            ("entry", $"/log/{Large.EntryId}", $"cam-{count - 1}"),
            ("recorders", "/recorders", count < RowsOfDirectory ? $"rec-{count - 1:D2}" : $"fo-{RowsOfDirectory - 1:D2}"),
            ("audit", "/audit", "anna"),
        };
        var said = new List<string>();
        foreach (var page in costs)
        {
            statements.Count = 0;
            var html = await visitor.GetAsync(page.Path, Token);
            var frame = statements.Count;
            await using var circuit = await Circuit.OpenAsync(visitor, page.Path, html, Token);
            await circuit.ShowsAsync(page.Last, Token);
            said.Add($"{page.Page} {frame} + {statements.Count - frame}");
        }
        return string.Join(", ", said);
    }

    private sealed class NoNews : ILiveFeed
    {
        public async IAsyncEnumerable<LiveNews> ListenAsync(long? after, [EnumeratorCancellation] CancellationToken token)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            yield break;
        }

        public DateTimeOffset? AwaySince => null;

        public CopyPace? PaceOf(Guid materialCopyId) => null;
    }
}
