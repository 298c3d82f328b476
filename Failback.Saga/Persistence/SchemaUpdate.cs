using Failback.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Failback.Saga;

/// <summary>Brings the schema up to date before anything else starts; of several processes that start at once, one does it.</summary>
internal sealed partial class SchemaUpdate(IServiceScopeFactory scopes, TimeProvider time, ILogger<SchemaUpdate> logger)
    : IHostedLifecycleService
{
    private const long Lock = 0x6661696c6261636b;
    private const int Tries = 30;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        for (var tried = 1; ; tried++)
        {
            try
            {
                KillPoint.Reached("schema.before-migrate");
                await MigrateAsync(cancellationToken);
                KillPoint.Reached("schema.after-migrate");
                return;
            }
            catch (Exception fault) when (tried < Tries && UnitFaults.IsAway(fault))
            {
                LogAway(logger, tried, Tries, fault.GetType().Name);
            }
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private async Task MigrateAsync(CancellationToken token)
    {
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<FailbackDbContext>().Database;
        if (database.IsSqlite())
        {
            // EF's own lock is a row in the file: a process killed while it migrated would lock out all later ones.
            if ((await database.GetPendingMigrationsAsync(token)).Any())
            {
                await database.ExecuteSqlAsync($"DROP TABLE IF EXISTS \"__EFMigrationsLock\"", token);
                await database.MigrateAsync(token);
            }
            return;
        }
        await database.OpenConnectionAsync(token);
        try
        {
            await database.ExecuteSqlAsync($"SELECT pg_advisory_lock({Lock})", token);
            await database.MigrateAsync(token);
            await database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({Lock})", token);
        }
        finally
        {
            // When it failed, the pool resets the session and with it the lock.
            await database.CloseConnectionAsync();
        }
    }

    [LoggerMessage(1305, LogLevel.Warning, "The database does not answer, try {Try} of {Tries}: {Fault}")]
    private static partial void LogAway(ILogger logger, int @try, int tries, string fault);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
