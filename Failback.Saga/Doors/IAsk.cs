using Failback.Messages;

namespace Failback.Saga;

/// <summary>
/// The door for wanting something: a request becomes an idempotency key, an audit line and an outbox row in one transaction, so it is accepted
/// while the broker is away, and a second click or a retry has no effect of its own. What decides is the saga, as for requests from the bus.
/// </summary>
public interface IAsk
{
    /// <summary>Whether somebody's roles give a right (<see cref="AskRights"/>); default deny (D14).</summary>
    bool Allows(Asker asker, string right);

    /// <summary>
    /// Asks for what a person may ask: <see cref="ManualFailbackRequested"/>, <see cref="CancelFailback"/>, <see cref="StartDataCopy"/>,
    /// <see cref="PauseMaterialCopy"/>, <see cref="ResumeMaterialCopy"/>, <see cref="CancelMaterialCopy"/>, <see cref="FetchPeriodNow"/>,
    /// <see cref="SetCopyLimits"/>. <c>RequestId</c>, <c>RequestedBy</c> and <c>Roles</c> of the message are replaced by the key and the asker.
    /// </summary>
    /// <param name="key">Chosen by whoever asks; the same when the request is sent again.</param>
    Task<Asked> AskAsync(object request, Guid key, Asker asker, CancellationToken token);

    /// <summary>The same from JSON, read as strictly as plain JSON from the bus; members of the asker may be left out.</summary>
    /// <param name="message">Kebab-case name, for example <c>start-data-copy</c>.</param>
    Task<Asked> AskJsonAsync(string message, ReadOnlyMemory<byte> json, Guid key, Asker asker, CancellationToken token);

    /// <summary>
    /// Posts a message of the controller (SPEC section 6), for a controller without AMQP; needs <see cref="AskRights.Controller"/>. Of a snapshot
    /// no key is kept.
    /// </summary>
    Task<Asked> PostAsync(string message, ReadOnlyMemory<byte> json, Guid key, Asker asker, CancellationToken token);

    /// <summary>
    /// Dry run: has both recorders of an entry looked at as a failback would; changes nothing. The answer is <see cref="IRead.InspectionAsync"/>
    /// of the same key, for whoever may ask for it. Needs <see cref="AskRights.StartFailback"/>.
    /// </summary>
    Task<Asked> InspectAsync(Guid entryId, Guid key, Asker asker, CancellationToken token);

    /// <summary>What became of a request; null when nobody asked under that key, or so long ago that it is forgotten (a week at least).</summary>
    Task<RequestView?> RequestAsync(Guid key, CancellationToken token);
}

/// <summary>Rights by name (D14), for those who show or hide.</summary>
public static class AskRights
{
    public const string StartFailback = Rights.StartFailback;
    public const string StartCopy = Rights.StartCopy;
    public const string ControlCopy = Rights.ControlCopy;
    public const string ReadLog = Rights.ReadLog;

    /// <summary>May say what a controller says.</summary>
    public const string Controller = Rights.PublishAsController;
}

/// <summary>Who asks: a name for the audit trail (at most 128 printable characters) and roles (at most 32).</summary>
public sealed record Asker(string Name, IReadOnlyList<string> Roles);

/// <summary>What became of the asking, at once.</summary>
/// <param name="Reason">Why a request was refused at the door.</param>
/// <param name="Field">The member that is wrong; null when none is.</param>
/// <param name="Allowed">For people: what is allowed.</param>
public sealed record Asked(AskOutcome Outcome, Guid Key, FailbackReason? Reason = null, string? Field = null, string? Allowed = null);

/// <summary>Names are on the wire.</summary>
public enum AskOutcome
{
    /// <summary>Committed; it will be decided.</summary>
    Accepted = 1,

    /// <summary>The same was asked under this key before; nothing new happened.</summary>
    Repeated = 2,

    /// <summary>Something else was asked under this key before.</summary>
    KeyReused = 3,

    /// <summary>Not a good message: see field and allowed.</summary>
    Invalid = 4,

    /// <summary>The roles give no right to it.</summary>
    Forbidden = 5,

    /// <summary>There is no such entry, material copy or recorder.</summary>
    NotFound = 6,
}

/// <summary>A request under its key. Instants are UTC.</summary>
/// <param name="Request">Kebab-case name of the message, or <see cref="RequestView.Inspection"/>.</param>
/// <param name="Outcome"><c>Pending</c> until it was decided, then <c>Accepted</c> or a reason.</param>
public sealed record RequestView(
    Guid Key,
    string Request,
    string AskedBy,
    DateTimeOffset AskedAt,
    string Outcome,
    DateTimeOffset? DecidedAt
)
{
    /// <summary>Name of a dry run.</summary>
    public const string Inspection = "inspect-recorders";
}
