namespace Failback.Saga;

/// <summary>A request under the key that whoever asked chose; forgotten after a day.</summary>
internal sealed record IdempotencyKey : IRow
{
    public const string Pending = "Pending";
    public const string Accepted = "Accepted";

    /// <summary>From then on nothing is known of it but that its message was seen.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    public required Guid Key { get; init; }
    public required string Asker { get; init; }

    /// <summary>Kebab-case name of the message.</summary>
    public required string Request { get; init; }

    /// <summary>SHA-256 of what was asked, roles left out: they may change between two tries.</summary>
    public required string Digest { get; init; }

    /// <summary>UTC.</summary>
    public required DateTime AskedAt { get; init; }

    /// <summary><see cref="Pending"/>, <see cref="Accepted"/> or a reason.</summary>
    public required string Outcome { get; init; }
    public DateTime? DecidedAt { get; init; }

    /// <summary>What recorders answered to a dry run, as JSON of at most 64 KiB; null otherwise.</summary>
    public string? Answer { get; init; }
    public int Version { get; init; }

    public RequestView View() => new(Key, Request, Asker, AskedAt.ToWire(), Outcome, DecidedAt?.ToWire());
}
