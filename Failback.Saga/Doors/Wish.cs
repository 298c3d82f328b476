using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Failback.Hosting;
using Failback.Messages;

namespace Failback.Saga;

/// <summary>Something that somebody wants of a door, under a key. Pure.</summary>
/// <param name="Name">Kebab-case name of the message.</param>
/// <param name="Right">What its asker must be allowed to.</param>
internal sealed record Wish(Guid Key, Asker Asker, string Name, string Right)
{
    private static readonly JsonSerializerOptions Canonical = new(JsonSerializerDefaults.Web)
    {
        // A member that a later version adds changes no digest until somebody sets it.
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>What it is about, for the audit; the key while that is not known.</summary>
    public string Subject { get; private init; } = Key.ToString();

    /// <summary>SHA-256 of what is asked: the same under one key is asked again, anything else is another thing.</summary>
    public string Digest { get; private init; } = "";

    /// <summary>What is published has this id, so that it has one effect: of what a controller says, the one that it would have over AMQP.</summary>
    public Guid MessageId { get; init; } = DerivedId.Of("asked", Key);

    /// <summary>Nobody decides about what a controller says.</summary>
    public bool IsOfController { get; init; }

    /// <summary>What is repeated by the minute leaves neither a key nor a line in an audit that is kept for ever.</summary>
    public bool IsKept { get; init; } = true;

    /// <remarks>
    /// Without a key only the message id tells what was said before: another thing under the same one has another, so that none is lost.
    /// </remarks>
    public Wish About(string subject, object asked)
    {
        var digest = DigestOf(asked);
        return this with { Subject = subject, Digest = digest, MessageId = IsKept ? MessageId : DerivedId.Of("said", Key, digest) };
    }

    /// <summary>A dry run of an entry.</summary>
    public static Wish ToInspect(Guid entryId, Guid key, Asker asker) =>
        new Wish(key, asker, RequestView.Inspection, Rights.StartFailback).About(entryId.ToString(), new { entryId });

    /// <summary>Whether it was asked under this key, for this entry.</summary>
    public static bool IsInspection(IdempotencyKey known, Guid entryId) =>
        known.Request == RequestView.Inspection && known.Digest == DigestOf(new { entryId });

    public IdempotencyKey ToRow(DateTime now) =>
        new()
        {
            Key = Key,
            Asker = Asker.Name,
            Request = Name,
            Digest = Digest,
            AskedAt = now,
            Outcome = IsOfController ? IdempotencyKey.Accepted : IdempotencyKey.Pending,
            DecidedAt = IsOfController ? now : null,
        };

    /// <summary>In the audit the saga's decision has a line of its own (D14).</summary>
    public Note Noted(string outcome) => new(Asker.Name, Name, Subject, outcome, $"request {Key}");

    /// <summary>The same was asked by the same before.</summary>
    public bool IsAgain(IdempotencyKey? known) =>
        known is not null && known.Asker == Asker.Name && known.Request == Name && known.Digest == Digest;

    /// <summary>What a key that is taken says.</summary>
    /// <param name="known">Null when its message was seen and nothing else is known: a controller may have said it over AMQP.</param>
    public Asked Again(IdempotencyKey? known) =>
        (known is null && IsOfController) || IsAgain(known)
            ? new Asked(AskOutcome.Repeated, Key)
            : new Asked(AskOutcome.KeyReused, Key, Field: nameof(Key), Allowed: "a key of its own for each request");

    public Asked Invalid(Refusal refusal) => new(AskOutcome.Invalid, Key, Field: refusal.Field, Allowed: refusal.Allowed);

    public Asked TooLong() => new(AskOutcome.Invalid, Key, Allowed: $"at most {BusRoom.MaxMessageBytes} bytes, as it is sent on");

    public Asked NotFound(string field, FailbackReason reason) => new(AskOutcome.NotFound, Key, reason, field, "one that exists");

    private static string DigestOf(object asked) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(asked, asked.GetType(), Canonical)));
}
