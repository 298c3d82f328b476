using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Saga;

/// <summary>Looks outside of units of work: a snapshot of its own, and so many at once that others find a connection.</summary>
internal sealed class FailbackLooks(IServiceScopeFactory scopes, LooksAtOnce most) : ILooks, IDisposable
{
    private readonly SemaphoreSlim gate = new(most.Value, most.Value);

    public async Task<T> LookAsync<T>(Func<ILook, CancellationToken, Task<T>> look, CancellationToken token)
    {
        await gate.WaitAsync(token);
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<FailbackDbContext>();
            // On SQLite that is BEGIN DEFERRED: it neither waits for the one writer nor keeps it waiting.
            var isolation = db.Database.IsSqlite() ? IsolationLevel.ReadUncommitted : IsolationLevel.RepeatableRead;
            await using var snapshot = await db.Database.BeginTransactionAsync(isolation, token);
            return await look(new FailbackLook(db), token);
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();
}

/// <summary>Looks of this process at the same time, at most; the others wait.</summary>
internal sealed record LooksAtOnce(int Value);
