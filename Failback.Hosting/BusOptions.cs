using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Failback.Hosting;

/// <summary>Options of the road, section <c>Failback:Bus</c>. The broker itself is <c>ConnectionStrings:Bus</c>.</summary>
public sealed class BusOptions
{
    /// <summary>From the end of running work to the end of the process: what is left is flushed and closed.</summary>
    internal static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(5);

    internal const int MostStopSeconds = 60;

    /// <summary>How often a quorum queue hands out a message before it goes to failback.dead. Queues keep what they were declared with.</summary>
    [Range(1, 1_000)]
    public int DeliveryLimit { get; set; } = 20;

    /// <summary>Messages a consumer may hold unanswered, per endpoint.</summary>
    [Range(1, 1_000)]
    public int PrefetchCount { get; set; } = 32;

    /// <summary>Seconds that running work may take after SIGTERM before the host gives up on it; the process ends 5 s later at the latest.</summary>
    [Range(1, MostStopSeconds)]
    public int StopSeconds { get; set; } = 10;
}

[OptionsValidator]
internal sealed partial class BusOptionsValidator : IValidateOptions<BusOptions>;
