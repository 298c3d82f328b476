using Failback.Messages;

namespace Failback.Saga;

/// <summary>The failover of an entry.</summary>
internal enum FailoverStatus
{
    Running = 1,
    Succeeded = 2,
    Failed = 3,
}

/// <summary>The failback of an entry.</summary>
internal enum FailbackStatus
{
    None = 0,
    Running = 1,
    Succeeded = 2,
    Failed = 3,
}

/// <summary>The hold of an entry's period on its failover server (D5).</summary>
internal enum HoldStatus
{
    None = 0,

    /// <summary>Asked for, not confirmed yet; asked again until it is.</summary>
    Placing = 1,
    Held = 2,

    /// <summary>The copy is verified; the release is asked for until it is confirmed.</summary>
    Releasing = 3,
    Released = 4,
}

/// <summary>One failover: who failed, who stands in, when, and three states (SPEC section 1). A refusal never changes it.</summary>
internal sealed record FailoverLogEntry : IRow
{
    public required Guid EntryId { get; init; }
    public required string FailedRecorderId { get; init; }
    public required string FailoverServerId { get; init; }

    /// <summary>As the directory had it when the entry was made (R42); null when it was not known, and of entries of earlier versions.</summary>
    public string? FailedRecorderAddress { get; init; }

    /// <summary>UTC; start of the period to copy (R33).</summary>
    public required DateTime FailoverStartedAt { get; init; }
    public DateTime? FailoverEndedAt { get; init; }
    public required FailoverStatus Failover { get; init; }
    public string? FailoverReason { get; init; }
    public FailbackStatus Failback { get; init; }
    public FailbackReason? FailbackReason { get; init; }
    public string? FailbackDetail { get; init; }
    public FailbackTrigger? FailbackTrigger { get; init; }
    public string? FailbackRequestedBy { get; init; }
    public DateTime? FailbackStartedAt { get; init; }

    /// <summary>UTC; end of the period to copy (R33).</summary>
    public DateTime? FailbackEndedAt { get; init; }

    /// <summary>The newest attempt sent for this entry; it grows over all failbacks of the entry, so recorders can refuse older ones.</summary>
    public int Attempt { get; init; }

    /// <summary>SHA-256 of the settings that were applied (D4).</summary>
    public string? SettingsDigest { get; init; }

    /// <summary>Failed automatic tries on <see cref="TriesOn"/> (UTC date); a person's start clears them (D12).</summary>
    public int Tries { get; init; }
    public DateTime? TriesOn { get; init; }
    public MaterialCopyStatus MaterialCopy { get; init; }

    /// <summary>The entry whose material copy copies this one's period too (D6).</summary>
    public Guid? InheritedBy { get; init; }
    public HoldStatus Hold { get; init; }

    /// <summary>The failover server of this closed entry still stands in and could not be released yet; it is asked again (D6).</summary>
    public bool ReleasePending { get; init; }

    /// <summary>The newest report says that not everything is home, or that another machine is where the recorder was (ADR 0027).</summary>
    public bool Doubted { get; init; }
    public int Version { get; init; }

    /// <summary>Its failover or failback is no state of ours (E15). Nothing acts on it, and on no older one, until somebody mends it.</summary>
    public bool IsDamaged => !Enum.IsDefined(Failover) || !Enum.IsDefined(Failback);

    /// <summary>D1: the failover succeeded, the failback did not yet.</summary>
    public bool AllowsFailback => !IsDamaged && Failover == FailoverStatus.Succeeded && Failback != FailbackStatus.Succeeded;
}
