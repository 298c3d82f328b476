using Failback.Messages;

namespace Failback.Simulation;

/// <summary>What subscribers were told.</summary>
internal sealed class Clients
{
    public const string Queue = "clients";

    public static readonly Type[] Types =
    [
        typeof(SystemChanged),
        typeof(FailbackStarted),
        typeof(FailbackCompleted),
        typeof(FailbackFailed),
        typeof(FailbackRejected),
        typeof(MaterialCopyCompleted),
        typeof(MaterialCopyFailed),
    ];

    public HashSet<long> Numbers { get; } = [];

    /// <summary>The first number that they lack; null when they know all up to a last one.</summary>
    public long? Gap(long last)
    {
        for (var number = 1L; number <= last; number++)
            if (!Numbers.Contains(number))
                return number;
        return null;
    }

    public Task HearAsync(Delivery delivery)
    {
        if (delivery.Message is SystemChanged change)
            Numbers.Add(change.Number);
        return Task.CompletedTask;
    }
}
