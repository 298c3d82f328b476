namespace Failback.Saga;

/// <summary>The last good settings of a recorder (R11, D15): a digest of the document port.</summary>
internal sealed record CachedSettings : IRow
{
    public required string RecorderId { get; init; }
    public required string Digest { get; init; }
    public required long Length { get; init; }

    /// <summary>UTC; when they were read or uploaded.</summary>
    public required DateTime CachedAt { get; init; }

    /// <summary>Version of the newest document of the controller; kept when the recorder itself is read, so that older ones stay refused.</summary>
    public long SettingsVersion { get; init; }
    public int Version { get; init; }
}

/// <summary>A document by its SHA-256; immutable.</summary>
internal sealed record Document
{
    public required string Digest { get; init; }
    public required byte[] Bytes { get; init; }
    public required DateTime CreatedAt { get; init; }
}
