using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Failback.Saga;

/// <summary>
/// The database takes a write and commits it: reading works on a standby, a full disk and a read-only server too. The row is one of the
/// inbox, which forgets it by itself; nobody else touches it, so a probe delays no unit.
/// </summary>
internal sealed class DatabaseCheck(IServiceScopeFactory scopes, UnitGate gate, TimeProvider time) : IHealthCheck
{
    private const string Consumer = "readiness";
    private static readonly Guid MessageId = DerivedId.Of(Consumer);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var database = scope.ServiceProvider.GetRequiredService<FailbackDbContext>().Database;
            // PostgreSQL keeps connections beside those of units; SQLite has one writer.
            if (database.IsSqlite())
                await gate.EnterAsync(cancellationToken);
            try
            {
                await database.ExecuteSqlAsync(
                    $"INSERT INTO inbox (message_id, consumer, received_at) VALUES ({MessageId}, {Consumer}, {time.GetUtcNow().ToRow()}) ON CONFLICT (message_id, consumer) DO UPDATE SET received_at = excluded.received_at",
                    cancellationToken
                );
            }
            finally
            {
                if (database.IsSqlite())
                    gate.Leave();
            }
            return HealthCheckResult.Healthy("a write was committed");
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            return HealthCheckResult.Unhealthy($"the database takes no write: {fault.GetBaseException().GetType().Name}");
        }
    }
}

/// <summary>Every migration that this version knows is done; newer ones may be there, while versions run side by side.</summary>
internal sealed class SchemaCheck(IServiceScopeFactory scopes) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var database = scope.ServiceProvider.GetRequiredService<FailbackDbContext>().Database;
            var pending = (await database.GetPendingMigrationsAsync(cancellationToken)).Count();
            return pending == 0
                ? HealthCheckResult.Healthy("up to date")
                : HealthCheckResult.Unhealthy($"{pending} migrations are missing: an older database was restored? Restart to migrate");
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            return HealthCheckResult.Unhealthy($"the database does not answer: {fault.GetBaseException().GetType().Name}");
        }
    }
}

/// <summary>What is due leaves: the oldest due message waits for the broker no longer than 30 s.</summary>
internal sealed class OutboxCheck(OutboxAge age, TimeProvider time) : IHealthCheck
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var since = await age.OldestDueAsync(cancellationToken);
            var waited = since is { } due ? time.GetUtcNow().ToRow() - due : TimeSpan.Zero;
            return waited <= Limit
                ? HealthCheckResult.Healthy(
                    since is null ? "nothing waits" : $"the oldest due message waits since {waited.TotalSeconds:0} s"
                )
                : HealthCheckResult.Unhealthy(
                    $"the oldest due message waits since {waited.TotalSeconds:0} s; allowed are {Limit.TotalSeconds:0}"
                );
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            return HealthCheckResult.Unhealthy($"the database does not answer: {fault.GetBaseException().GetType().Name}");
        }
    }
}

/// <summary>Since when the oldest due message waits; two rows are read, however many wait.</summary>
internal sealed class OutboxAge(IServiceScopeFactory scopes, TimeProvider time)
{
    /// <summary>UTC; null when none is due.</summary>
    public async Task<DateTime?> OldestDueAsync(CancellationToken token)
    {
        await using var scope = scopes.CreateAsyncScope();
        var rows = scope.ServiceProvider.GetRequiredService<FailbackDbContext>().Set<OutboxMessage>();
        var now = time.GetUtcNow().ToRow();
        var stored = await rows.Where(x => x.NotBefore == null)
            .OrderBy(x => x.Id)
            .Select(x => (DateTime?)x.EnqueuedAt)
            .FirstOrDefaultAsync(token);
        var due = await rows.Where(x => x.NotBefore <= now).OrderBy(x => x.NotBefore).Select(x => x.NotBefore).FirstOrDefaultAsync(token);
        return stored < due || due is null ? stored : due;
    }
}
