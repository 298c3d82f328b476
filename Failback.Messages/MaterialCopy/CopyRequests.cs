namespace Failback.Messages;

/// <summary>In: add the material copy of an entry to the queue of its repaired recorder (R28).</summary>
public sealed record StartDataCopy
{
    public required Guid RequestId { get; init; }
    public required Guid EntryId { get; init; }

    /// <summary>Who asks, as asserted by the publisher (D14).</summary>
    public required string RequestedBy { get; init; }
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>What comes first (D13); null means as configured.</summary>
    public PeriodOrder? Order { get; init; }
}

/// <summary>In: the failover server is reached differently now, after the controller lost the recorder (R29).</summary>
public sealed record UpdateClientInfo
{
    /// <summary>The repaired recorder whose tasks are meant.</summary>
    public required string RecorderId { get; init; }
    public required RecorderAddress FailoverServer { get; init; }
}

/// <summary>In: report the state of every task of a recorder again (R30).</summary>
public sealed record UpdateFailoverTaskStates
{
    public required string RecorderId { get; init; }
}

/// <summary>In: stop handing out slices of a material copy until it is resumed.</summary>
public sealed record PauseMaterialCopy
{
    public required Guid RequestId { get; init; }
    public required Guid MaterialCopyId { get; init; }
    public required string RequestedBy { get; init; }
    public required IReadOnlyList<string> Roles { get; init; }
}

/// <summary>In: go on with a paused, failed, partial or canceled material copy, at the saved positions (R36).</summary>
public sealed record ResumeMaterialCopy
{
    public required Guid RequestId { get; init; }
    public required Guid MaterialCopyId { get; init; }

    /// <summary>Only this given-up channel copy is tried again, also while others are copied; null means all of them (F15).</summary>
    public Guid? ChannelCopyId { get; init; }
    public required string RequestedBy { get; init; }
    public required IReadOnlyList<string> Roles { get; init; }
}

/// <summary>In: give a material copy up. What was copied stays, and so does the hold.</summary>
public sealed record CancelMaterialCopy
{
    public required Guid RequestId { get; init; }
    public required Guid MaterialCopyId { get; init; }
    public required string RequestedBy { get; init; }
    public required IReadOnlyList<string> Roles { get; init; }
}

/// <summary>In: bring a period of one channel home before everything else of its recorder (D13).</summary>
public sealed record FetchPeriodNow
{
    public required Guid RequestId { get; init; }
    public required Guid MaterialCopyId { get; init; }

    /// <summary>Stable channel or alarm id; all its data kinds come.</summary>
    public required string TrackId { get; init; }

    /// <summary>UTC, inclusive.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>UTC, exclusive.</summary>
    public required DateTimeOffset To { get; init; }
    public required string RequestedBy { get; init; }
    public required IReadOnlyList<string> Roles { get; init; }
}

/// <summary>
/// In: what copying may take from now on (D13), of one repaired recorder or of the whole site; running copies keep to it within a minute.
/// What is null is as it is for the site, and there as configured.
/// </summary>
public sealed record SetCopyLimits
{
    public required Guid RequestId { get; init; }

    /// <summary>The repaired recorder; null means the site.</summary>
    public string? RecorderId { get; init; }

    /// <summary>Bytes a second, at least 1,024: that the recorder takes, or that all recorders of the site take together.</summary>
    public long? MaxBytesPerSecond { get; init; }

    /// <summary>Channel copies of a recorder at once, 1 to 64.</summary>
    public int? ChannelsAtOnce { get; init; }

    /// <summary>
    /// When copying is allowed, by the clock of <c>Failback:Copy:TimeZone</c>: for example <c>Mon-Fri 20:00-06:00, Sat-Sun</c>. What a person
    /// fetches now comes at any time.
    /// </summary>
    public string? Hours { get; init; }
    public required string RequestedBy { get; init; }
    public required IReadOnlyList<string> Roles { get; init; }
}

/// <summary>Out: a request about a material copy was refused; nothing but the audit changed.</summary>
public sealed record MaterialCopyRejected
{
    public required Guid RequestId { get; init; }
    public Guid? EntryId { get; init; }
    public Guid? MaterialCopyId { get; init; }
    public required FailbackReason Reason { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>Internal: a material copy may be its recorder's running one now (R31).</summary>
public sealed record TurnCame
{
    public required Guid MaterialCopyId { get; init; }
}

/// <summary>Internal: gives its turn to a material copy of the same recorder that somebody waits for (D13).</summary>
public sealed record TurnAskedFor
{
    public required Guid MaterialCopyId { get; init; }
}

/// <summary>Internal: a channel copy ended, or all wait for a recorder; the ledger tells the machine.</summary>
public sealed record ChannelCopiesSettled
{
    public required Guid MaterialCopyId { get; init; }
}

/// <summary>Internal: a plan or slice is unanswered, or a wait is over.</summary>
public sealed record SliceOverdue
{
    public required Guid MaterialCopyId { get; init; }

    /// <summary>The epoch that was not answered; an older one changes nothing.</summary>
    public required int Epoch { get; init; }
}
