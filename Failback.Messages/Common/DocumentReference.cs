namespace Failback.Messages;

/// <summary>A document of the document port: settings, a copy plan or a report. Documents do not ride the bus.</summary>
public sealed record DocumentReference
{
    /// <summary>SHA-256 of the bytes, 64 lower-case hexadecimal digits.</summary>
    public required string Digest { get; init; }

    /// <summary>Length in bytes, at most 32 MiB.</summary>
    public required long Length { get; init; }
}
