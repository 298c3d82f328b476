using Failback.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Saga;

/// <summary>Units of work outside consumers.</summary>
internal sealed class FailbackUnits(IServiceScopeFactory scopes, OutboxSignal signal, TimeProvider time) : IFailbackUnits
{
    public async Task<T> RunAsync<T>(Func<IFailbackStore, CancellationToken, Task<T>> work, CancellationToken token)
    {
        for (var tried = 1; ; tried++)
        {
            try
            {
                return await RunOnceAsync(work, token);
            }
            catch (Exception fault) when (tried < UnitFaults.Tries && UnitFaults.MayRepeat(fault))
            {
                PersistenceTelemetry.Repeated.Add(1);
            }
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(5, 20) * tried), time, token);
        }
    }

    private async Task<T> RunOnceAsync<T>(Func<IFailbackStore, CancellationToken, Task<T>> work, CancellationToken token)
    {
        await using var scope = scopes.CreateAsyncScope();
        var unit = scope.ServiceProvider.GetRequiredService<FailbackUnit>();
        T result;
        await using (unit)
        {
            await unit.BeginAsync(token);
            result = await work(new FailbackStore(unit), token);
            KillPoint.Reached("units.before-commit");
            await unit.CommitAsync(token);
            KillPoint.Reached("units.after-commit");
        }
        if (unit.HasOutgoing)
            signal.Raise();
        return result;
    }
}
