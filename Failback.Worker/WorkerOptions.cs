using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>Options of a worker, section <c>Failback:Worker</c>; a wrong one stops the host at start and is named.</summary>
public sealed class WorkerOptions
{
    /// <summary>Slices that this process copies at once (D13).</summary>
    [Range(1, 64)]
    public int ConcurrentSlices { get; set; } = 4;

    /// <summary>Restores, releases, plans, inspections and holds that this process does at once, each.</summary>
    [Range(1, 64)]
    public int ConcurrentRequests { get; set; } = 8;

    /// <summary>Tries of one request to a recorder, the first included, when its fault is transient (D9).</summary>
    [Range(1, 10)]
    public int Tries { get; set; } = 3;

    /// <summary>Milliseconds before the second try; doubled for each further one, with jitter (D9).</summary>
    [Range(1, 10_000)]
    public int FirstRetryMilliseconds { get; set; } = 500;

    /// <summary>Seconds after which a restore, release or inspection is given up.</summary>
    [Range(1, 600)]
    public int RestoreSeconds { get; set; } = 60;

    /// <summary>Seconds after which planning a material copy is given up; below the time after which the saga asks again (<c>Failback:Copy:AnswerSeconds</c>).</summary>
    [Range(1, 1_500)]
    public int PlanSeconds { get; set; } = 240;

    /// <summary>
    /// Seconds after which a report on what came home is given up; below the time after which the saga asks again
    /// (<c>Failback:Copy:ReportSeconds</c>), and below the half hour after which a broker takes a message back.
    /// </summary>
    [Range(1, 1_500)]
    public int CoverageSeconds { get; set; } = 1_200;
}

[OptionsValidator]
internal sealed partial class WorkerOptionsValidator : IValidateOptions<WorkerOptions>;
