namespace Failback.Messages;

/// <summary>Out: a material copy started to copy.</summary>
public sealed record MaterialCopyStarted
{
    public required Guid MaterialCopyId { get; init; }
    public required Guid EntryId { get; init; }
    public required string RecorderId { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset StartedAt { get; init; }
    public required int ChannelCopies { get; init; }
    public required long Items { get; init; }
    public required long Bytes { get; init; }
}

/// <summary>Out: how far a material copy is; also the answer to <see cref="UpdateFailoverTaskStates"/>.</summary>
public sealed record MaterialCopyProgressed
{
    public required Guid MaterialCopyId { get; init; }
    public required Guid EntryId { get; init; }
    public required string RecorderId { get; init; }
    public required MaterialCopyStatus Status { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset At { get; init; }
    public required int ChannelCopiesDone { get; init; }
    public required int ChannelCopies { get; init; }
    public required long BytesDone { get; init; }
    public required long Bytes { get; init; }
}

/// <summary>Out: a material copy ended Succeeded or Partial.</summary>
public sealed record MaterialCopyCompleted
{
    public required Guid MaterialCopyId { get; init; }
    public required Guid EntryId { get; init; }
    public required string RecorderId { get; init; }

    /// <summary>Succeeded or Partial.</summary>
    public required MaterialCopyStatus Status { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset StartedAt { get; init; }
    public required DateTimeOffset EndedAt { get; init; }
    public required long Expected { get; init; }
    public required long Verified { get; init; }
    public required long Conflicts { get; init; }
    public required long Missing { get; init; }
    public required long Bytes { get; init; }
}

/// <summary>Out: a material copy failed or was canceled; it can be resumed at its saved positions.</summary>
public sealed record MaterialCopyFailed
{
    public required Guid MaterialCopyId { get; init; }
    public required Guid EntryId { get; init; }
    public required string RecorderId { get; init; }
    public required MaterialCopyStatus Status { get; init; }
    public CopyFailure? Failure { get; init; }
    public string? Detail { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset At { get; init; }
}
