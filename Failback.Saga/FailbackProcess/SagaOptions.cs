using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>Options of the failback process, section <c>Failback:Saga</c>.</summary>
public sealed class SagaOptions
{
    internal const string Section = "Failback:Saga";

    /// <summary>Seconds that a recorder must stay connected before automatic failback (D12).</summary>
    [Range(0, 86_400)]
    public int StableSeconds { get; set; } = 60;

    /// <summary>Failed automatic tries a day (UTC), after which a recorder is left to a person (D12).</summary>
    [Range(1, 100)]
    public int MaxTriesPerDay { get; set; } = 3;

    /// <summary>Seconds after which a restore or a release counts as unanswered and is sent again under a new attempt.</summary>
    [Range(5, 3_600)]
    public int AnswerSeconds { get; set; } = 90;

    /// <summary>Seconds between two looks at all recorders that wait for failback (D11).</summary>
    [Range(10, 86_400)]
    public int SweepSeconds { get; set; } = 300;
}

[OptionsValidator]
internal sealed partial class SagaOptionsValidator : IValidateOptions<SagaOptions>;
