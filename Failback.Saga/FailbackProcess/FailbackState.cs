using Failback.Messages;
using MassTransit;

namespace Failback.Saga;

/// <summary>What a failback remembers: one instance per failed recorder, gone when it is over. The log keeps the outcome.</summary>
internal sealed record FailbackState : SagaStateMachineInstance, IRow
{
    /// <summary>Derived from the failed recorder's id, so that there is one by construction (R9).</summary>
    public Guid CorrelationId { get; set; }
    public string CurrentState { get; set; } = "Initial";
    public string FailedRecorderId { get; set; } = "";

    /// <summary>The connection change that the wait belongs to (D12); UTC.</summary>
    public DateTime? ConnectedSince { get; set; }
    public Guid? EntryId { get; set; }
    public string? FailoverServerId { get; set; }
    public int Attempt { get; set; }
    public FailbackTrigger Trigger { get; set; }
    public string? RequestedBy { get; set; }
    public DateTime? StartedAt { get; set; }

    /// <summary>UTC; from then on the reconciler takes the command as unanswered.</summary>
    public DateTime? AnswerDueAt { get; set; }
    public string? SettingsDigest { get; set; }
    public int Version { get; set; }
}
