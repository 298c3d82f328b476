using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Failback.Hosting;

/// <summary>Options of the road, section <c>Failback:Bus</c>. The broker itself is <c>ConnectionStrings:Bus</c>.</summary>
public sealed class BusOptions
{
    /// <summary>From the end of running work to the end of the process: what is left is flushed and closed.</summary>
    internal static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(5);

    /// <summary>After that the host should have ended; a stop that hangs is cut off.</summary>
    internal static readonly TimeSpan LastResort = TimeSpan.FromSeconds(1);

    internal const int MostStopSeconds = 60;

    /// <summary>How often a quorum queue hands out a message before it goes to failback.dead. Queues keep what they were declared with.</summary>
    [Range(1, 1_000)]
    public int DeliveryLimit { get; set; } = 20;

    /// <summary>Messages a consumer may hold unanswered, per endpoint.</summary>
    [Range(1, 1_000)]
    public int PrefetchCount { get; set; } = 32;

    /// <summary>
    /// The nodes of a broker cluster, <c>host:port</c> with commas between, at most 32: when one does not answer, the next is tried.
    /// Null when <c>ConnectionStrings:Bus</c> leads to all of them already, for example through a balancer.
    /// </summary>
    [RegularExpression("^[A-Za-z0-9_.-]+:[0-9]{1,5}(,[A-Za-z0-9_.-]+:[0-9]{1,5}){0,31}$")]
    public string? Nodes { get; set; }

    internal string[] NodeList => Nodes?.Split(',') ?? [];

    /// <summary>Seconds without a sign of life after which a connection to the broker counts as dead; twice as long at most.</summary>
    [Range(2, 60)]
    public int HeartbeatSeconds { get; set; } = 5;

    /// <summary>
    /// Seconds for which a process that was ready may be without a consumer on one of its queues while the broker takes messages; then it
    /// ends with exit code 3, to be started again.
    /// </summary>
    [Range(30, 3_600)]
    public int ConsumersSeconds { get; set; } = 120;

    /// <summary>Seconds that running work may take after SIGTERM before the host gives up on it; the process ends 5 s later at the latest.</summary>
    [Range(1, MostStopSeconds)]
    public int StopSeconds { get; set; } = 10;
}

[OptionsValidator]
internal sealed partial class BusOptionsValidator : IValidateOptions<BusOptions>;
