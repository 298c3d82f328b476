namespace Failback.Messages;

/// <summary>How to reach a recorder. Credentials never ride the bus: a worker resolves them by <see cref="RecorderId"/>.</summary>
public sealed record RecorderAddress
{
    /// <summary>The identity the recorder must answer with before settings or credentials are sent; 1 to 128 characters.</summary>
    public required string RecorderId { get; init; }

    /// <summary>Absolute URI whose scheme chooses the adapter, for example <c>http://10.0.0.7:5011</c>; at most 512 characters.</summary>
    public required string Address { get; init; }

    /// <summary>Grows with every change of the address; the newest wins (R29).</summary>
    public long AddressVersion { get; init; }
}
