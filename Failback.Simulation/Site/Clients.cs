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

    /// <summary>Their queue was away: what was published then, they did not hear.</summary>
    public bool WereAway { get; set; }

    public Task HearAsync(Delivery delivery)
    {
        if (delivery.Message is SystemChanged change)
            Numbers.Add(change.Number);
        return Task.CompletedTask;
    }
}
