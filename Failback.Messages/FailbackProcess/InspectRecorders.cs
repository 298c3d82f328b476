namespace Failback.Messages;

/// <summary>Work: look at both recorders of an entry as a failback would, and change nothing (dry run).</summary>
public sealed record InspectRecorders
{
    public required Guid RequestId { get; init; }
    public required Guid EntryId { get; init; }
    public required RecorderAddress Recorder { get; init; }
    public required RecorderAddress FailoverServer { get; init; }
    public DocumentReference? CachedSettings { get; init; }

    /// <summary>As in <see cref="RestoreRecorder.EarlierEntryIds"/>.</summary>
    public IReadOnlyList<Guid> EarlierEntryIds { get; init; } = [];

    /// <summary>UTC, half open: what a material copy would cover now.</summary>
    public required DateTimeOffset From { get; init; }
    public required DateTimeOffset To { get; init; }
}

/// <summary>Answer of <see cref="InspectRecorders"/>.</summary>
public sealed record RecordersInspected
{
    public required Guid RequestId { get; init; }
    public required Guid EntryId { get; init; }
    public required RecorderInspection Recorder { get; init; }
    public required RecorderInspection FailoverServer { get; init; }

    /// <summary>What would refuse a failback now, as far as recorders can tell; null when nothing would.</summary>
    public FailbackReason? Reason { get; init; }

    /// <summary>The settings that would be applied; null when there are none.</summary>
    public DocumentReference? Settings { get; init; }

    /// <summary>What the recorder has now; null when it has none or did not answer.</summary>
    public DocumentReference? SettingsNow { get; init; }

    /// <summary>Channel copies, items and bytes on the failover server that the recorder lacks.</summary>
    public int ChannelCopies { get; init; }
    public long Items { get; init; }
    public long Bytes { get; init; }

    /// <summary>
    /// How <see cref="Settings"/> would change <see cref="SettingsNow"/>; at most 100, fewer when they are long; empty while one of the two is
    /// not there. What looks like a secret is masked.
    /// </summary>
    public IReadOnlyList<SettingsDifference> Differences { get; init; } = [];

    /// <summary>Differences that are not listed.</summary>
    public int MoreDifferences { get; init; }
}

/// <summary>A value that settings would change.</summary>
public sealed record SettingsDifference
{
    /// <summary>Names and places, for example <c>network.servers[2].address</c>; of a longer one the last 100 characters.</summary>
    public required string Path { get; init; }

    /// <summary>At most 100 characters; null when it is not there now.</summary>
    public string? Before { get; init; }

    /// <summary>At most 100 characters; null when it would be taken away.</summary>
    public string? After { get; init; }
}

/// <summary>What one recorder said about itself.</summary>
public sealed record RecorderInspection
{
    public required string RecorderId { get; init; }
    public required bool Reachable { get; init; }

    /// <summary>False when another machine answers on the address.</summary>
    public bool IdentityMatches { get; init; }

    /// <summary>Recorder, FailoverServer or Broken, as the recorder itself says.</summary>
    public string? LiveRole { get; init; }
    public bool Recording { get; init; }
    public string? SoftwareVersion { get; init; }

    /// <summary>Recorder clock minus worker clock, in milliseconds.</summary>
    public long ClockOffsetMilliseconds { get; init; }
}

/// <summary>Work: read a recorder's settings into the document port (D15).</summary>
public sealed record ReadRecorderSettings
{
    public required Guid RequestId { get; init; }
    public required RecorderAddress Recorder { get; init; }
}

/// <summary>Answer of <see cref="ReadRecorderSettings"/>.</summary>
public sealed record RecorderSettingsRead
{
    public required Guid RequestId { get; init; }
    public required string RecorderId { get; init; }

    /// <summary>Null when they could not be read: the last good version stays.</summary>
    public DocumentReference? Settings { get; init; }

    /// <summary>UTC of the worker; the newest wins.</summary>
    public required DateTimeOffset ReadAt { get; init; }
    public FailbackReason? Reason { get; init; }
}
