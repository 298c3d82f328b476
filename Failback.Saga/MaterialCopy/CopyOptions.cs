using System.ComponentModel.DataAnnotations;
using Failback.Messages;
using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>Options of material copy, section <c>Failback:Copy</c>; they may change while a copy runs (D13).</summary>
internal sealed class CopyOptions
{
    public const string Section = "Failback:Copy";

    /// <summary>Bytes of one slice, at most (DESIGN idea 3).</summary>
    public const long MaxSliceBytes = 64L << 20;

    /// <summary>Items of one slice, at most (DESIGN idea 3).</summary>
    public const int MaxSliceItems = 5_000;

    /// <summary>Channel copies of one recorder at once (D13).</summary>
    [Range(1, 64)]
    public int ChannelsAtOnce { get; set; } = 1;

    /// <summary>Slices of one channel copy at once, so that workers compete (D13).</summary>
    [Range(1, 4)]
    public int SlicesInFlight { get; set; } = 2;

    /// <summary>Seconds of material in a slice, at most one hour.</summary>
    [Range(1, 3_600)]
    public int SliceSeconds { get; set; } = 3_600;

    /// <summary>Seconds of work after which a worker answers with what it reached.</summary>
    [Range(1, 60)]
    public int WorkSeconds { get; set; } = 60;

    /// <summary>Seconds after which a plan or slice that was handed out counts as unanswered and is asked again.</summary>
    [Range(5, 86_400)]
    public int AnswerSeconds { get; set; } = 300;

    /// <summary>Failures of a plan or channel copy in a row, without progress, after which it is given up (D9).</summary>
    [Range(1, 100)]
    public int MaxTries { get; set; } = 8;

    /// <summary>Seconds before the first retry; doubled with each, up to <see cref="MaxRetrySeconds"/> (D9).</summary>
    [Range(0.01, 3_600)]
    public double RetrySeconds { get; set; } = 2;

    [Range(1, 86_400)]
    public int MaxRetrySeconds { get; set; } = 300;

    /// <summary>Seconds of the first wait for a recorder that is away; doubled with each, up to <see cref="MaxWaitSeconds"/>.</summary>
    [Range(0.01, 3_600)]
    public double WaitSeconds { get; set; } = 30;

    [Range(1, 86_400)]
    public int MaxWaitSeconds { get; set; } = 300;

    /// <summary>Bytes a second that one repaired recorder takes; null means no limit (D13). Shared by its slices in flight.</summary>
    [Range(1_024, long.MaxValue)]
    public long? MaxBytesPerSecond { get; set; }

    /// <summary>Bytes a second that all repaired recorders take together; null means no limit. Shared by those that copy.</summary>
    [Range(1_024, long.MaxValue)]
    public long? MaxSiteBytesPerSecond { get; set; }

    /// <summary>When copying is allowed, for example <c>Mon-Fri 20:00-06:00, Sat-Sun</c>; null means always (D13).</summary>
    [WeekHours]
    public string? Hours { get; set; }

    /// <summary>The clock of <see cref="Hours"/>.</summary>
    [TimeZone]
    public string TimeZone { get; set; } = "UTC";

    /// <summary>
    /// Seconds that the clocks of the controller, the failover servers and this process may differ (F9): the period to copy is widened by
    /// that at both ends. What is looked at and not missing costs little; what is not looked at is lost.
    /// </summary>
    [Range(0, 3_600)]
    public int ClockSlackSeconds { get; set; } = 600;

    /// <summary>In which order things come home, when who asks does not say (D13).</summary>
    [EnumDataType(typeof(PeriodOrder))]
    public PeriodOrder Order { get; set; } = PeriodOrder.OldestFirst;

    /// <summary>
    /// Seconds that holds wait for the report of a copy that succeeded, and after which a report is asked for again; above what workers take
    /// for one (<c>Failback:Worker:CoverageSeconds</c>). 0 makes no reports.
    /// </summary>
    [Range(0, 86_400)]
    public int ReportSeconds { get; set; } = 1_500;
}

[OptionsValidator]
internal sealed partial class CopyOptionsValidator : IValidateOptions<CopyOptions>;
