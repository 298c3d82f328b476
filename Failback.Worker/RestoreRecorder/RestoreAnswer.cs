using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>The answer to a restore: one of the two, or neither, when the attempt is void or the host stops: silence is asked again.</summary>
internal sealed record RestoreAnswer(RecorderRecording? Recording, RecorderNotRestored? NotRestored)
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

/// <summary>Settings to apply, and where they came from (D4).</summary>
internal sealed record FoundSettings(RecorderSettings Settings, DocumentReference Reference, bool Fresh);
