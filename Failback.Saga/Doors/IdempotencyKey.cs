namespace Failback.Saga;

/// <summary>
/// A request under the key that whoever asked chose. It is known for as long as its messages are recognised, so that nothing else is ever
/// taken for it; one that nobody decided, longer.
/// </summary>
internal sealed record IdempotencyKey : IRow
{
    public const string Pending = "Pending";
    public const string Accepted = "Accepted";

    /// <summary>Beyond what is recognised: who asked is told when a saga that was away for weeks comes back.</summary>
    public static readonly TimeSpan UndecidedKept = TimeSpan.FromDays(30);

    /// <summary>What recorders are like changes; who asked has read it by then.</summary>
    public static readonly TimeSpan AnswerKept = TimeSpan.FromDays(1);

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

    /// <summary>What recorders answered to a dry run, as JSON of at most 64 KiB; null otherwise, and a day later.</summary>
    public string? Answer { get; init; }
    public int Version { get; init; }

    public RequestView View() => new(Key, Request, Asker, AskedAt.ToWire(), Outcome, DecidedAt?.ToWire());
}
