using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>The answer to a restore: one of the three, or none, when the attempt is void or the host stops: silence is asked again.</summary>
/// <param name="Again">The recorder knows this attempt, and does not record: whoever still waits for it sends a newer one.</param>
internal sealed record RestoreAnswer(RecorderRecording? Recording, RecorderNotRestored? NotRestored, RestoreOverdue? Again = null)
{
    public static readonly RestoreAnswer Silence = new(null, null);
}

/// <summary>A step of a failback found a reason of SPEC section 2.</summary>
internal sealed class NotRestoredException(FailbackReason reason, string detail) : Exception(detail)
{
    public FailbackReason Reason { get; } = reason;
}

/// <summary>A newer attempt was seen: whatever this one still does is void (DESIGN section 4).</summary>
internal sealed class AttemptIsVoidException(string detail) : Exception(detail);

/// <summary>The recorder knows this very attempt: the command came twice, or the worker that began it died.</summary>
internal sealed class AttemptWasBegunException(string detail) : Exception(detail);

/// <summary>Settings to apply, and where they came from (D4).</summary>
internal sealed record FoundSettings(RecorderSettings Settings, DocumentReference Reference, bool Fresh);
