using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using Failback.Messages;

namespace Failback.Saga;

/// <summary>Why a message was refused: what, where, and what is allowed. Never holds the value.</summary>
/// <param name="Reason">Closed set, for programs.</param>
/// <param name="Field">The member, for example <c>Configuration.RecorderId</c>; null when the message as a whole is meant.</param>
/// <param name="Allowed">For people.</param>
internal sealed record Refusal(RefusalReason Reason, string? Field, string Allowed);

/// <summary>Names are on the wire (header <c>failback-reason</c>).</summary>
internal enum RefusalReason
{
    UnknownMessage = 1,
    TooLong = 2,
    ContentType = 3,
    MessageId = 4,
    Malformed = 5,
    Missing = 6,
    OutOfBounds = 7,
}

/// <summary>What messages from outside may hold; the same for plain JSON and for envelopes. Pure.</summary>
internal static class Validation
{
    private const int MaxIdCharacters = 128;
    private const int MaxTextCharacters = 512;
    private const int MaxNameCharacters = 256;
    private const int MaxTrackIdCharacters = 4_000;
    private const long LeastBytesPerSecond = 1_024;
    private const int MostChannelsAtOnce = 64;
    private const int MaxRoles = 32;
    private const int MaxFailovers = 32;
    private const int DigestCharacters = 64;
    private const long MaxDocumentBytes = 32 << 20;
    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> Members = new();

    /// <summary>What controllers and the console may publish: the closed set, by the kebab-case name of the message.</summary>
    public static readonly IReadOnlyDictionary<string, Type> Contracts = new[]
    {
        typeof(FailoverStarted),
        typeof(FailoverCompleted),
        typeof(RecorderConfigured),
        typeof(RecorderSnapshot),
        typeof(RecorderSettingsCached),
        typeof(RecorderReconnected),
        typeof(RecorderDisconnected),
        typeof(MaintenanceModeChanged),
        typeof(LicenceChanged),
        typeof(ManualFailbackRequested),
        typeof(CancelFailback),
        typeof(ReportChangesSince),
        typeof(StartDataCopy),
        typeof(UpdateClientInfo),
        typeof(UpdateFailoverTaskStates),
        typeof(PauseMaterialCopy),
        typeof(ResumeMaterialCopy),
        typeof(CancelMaterialCopy),
        typeof(FetchPeriodNow),
        typeof(SetCopyLimits),
    }.ToDictionary(x => MassTransit.KebabCaseEndpointNameFormatter.Instance.SanitizeName(x.Name));

    private static readonly HashSet<Type> FromOutside = [.. Contracts.Values];

    /// <summary>The first thing that is wrong; null when nothing is, or when the message does not come from outside.</summary>
    public static Refusal? Of(object message) => !FromOutside.Contains(message.GetType()) ? null : Problem(message, "") ?? Across(message);

    /// <summary>Who asks over a door, and the key; the bounds are those of a message.</summary>
    public static Refusal? OfAsker(Guid key, Asker asker)
    {
        if (key == Guid.Empty)
            return new(RefusalReason.OutOfBounds, nameof(Asked.Key), "a GUID that is not empty");
        if (Text(nameof(ManualFailbackRequested.RequestedBy), asker.Name) is { } name)
            return new(RefusalReason.OutOfBounds, nameof(Asker.Name), name);
        return Roles(asker.Roles) is { } roles ? new(RefusalReason.OutOfBounds, nameof(Asker.Roles), roles) : null;
    }

    private static Refusal? Problem(object part, string path) =>
        Members
            .GetOrAdd(part.GetType(), x => x.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            .Select(x => Problem(x, x.GetValue(part), path + x.Name))
            .FirstOrDefault(x => x is not null);

    private static Refusal? Problem(PropertyInfo member, object? value, string field)
    {
        if (value is null)
            return member.IsDefined(typeof(RequiredMemberAttribute)) ? new(RefusalReason.Missing, field, "a value") : null;
        return value switch
        {
            string text => Allowed(Text(member.Name, text)),
            Guid id => Allowed(id == Guid.Empty ? "a GUID that is not empty" : null),
            DateTimeOffset at => Allowed(at < Earliest || at >= Latest ? "an instant from the year 2000 to 2099" : null),
            long number => Allowed(Number(member.Name, number)),
            IEnumerable<string> roles => Allowed(Roles([.. roles])),
            IReadOnlyList<FailoverCompleted> failovers => Failovers(failovers, field),
            Enum word => Allowed(
                Enum.IsDefined(word.GetType(), word) ? null : $"one of {string.Join(", ", Enum.GetNames(word.GetType()))}"
            ),
            IEnumerable or bool or int => null,
            _ => Problem(value, field + "."),
        };

        Refusal? Allowed(string? allowed) => allowed is null ? null : new(RefusalReason.OutOfBounds, field, allowed);
    }

    private static Refusal? Failovers(IReadOnlyList<FailoverCompleted?> failovers, string field) =>
        failovers.Count > MaxFailovers || failovers.Contains(null)
            ? new(RefusalReason.OutOfBounds, field, $"at most {MaxFailovers} failovers")
            : failovers
                .Select(
                    (x, i) => Problem(x!, $"{field}[{i}].") ?? (Across(x!) is { } y ? y with { Field = $"{field}[{i}].{y.Field}" } : null)
                )
                .FirstOrDefault(x => x is not null);

    /// <summary>What is allowed, when this is not.</summary>
    private static string? Text(string member, string text)
    {
        if (member == nameof(RecorderAddress.Address))
            return
                text.Length <= Addresses.MostCharacters
                && Uri.TryCreate(text, UriKind.Absolute, out var uri)
                && uri.Host.Length > 0
                && uri.UserInfo.Length == 0
                ? null
                : $"an absolute URI with a host and without credentials, at most {Addresses.MostCharacters} characters";
        if (member == nameof(ManualFailbackRequested.ConfirmedAddress))
            return Addresses.IsOne(text) && text.All(IsPrintable) && text.Trim().Length == text.Length ? null : Addresses.Allowed;
        if (member == nameof(DocumentReference.Digest))
            return text.Length == DigestCharacters && text.All(char.IsAsciiHexDigitLower) ? null : "64 lower-case hexadecimal digits";
        var (least, most) = member switch
        {
            "Name" => (1, MaxNameCharacters),
            "Reason" => (0, MaxTextCharacters),
            nameof(SetCopyLimits.Hours) => (1, MaxNameCharacters),
            nameof(FetchPeriodNow.TrackId) => (1, MaxTrackIdCharacters),
            _ => (1, MaxIdCharacters),
        };
        return text.Length >= least && text.Length <= most && text.All(IsPrintable) && text.Trim().Length == text.Length
            ? null
            : $"{least} to {most} printable characters, no space at the ends";
    }

    private static bool IsPrintable(char x) =>
        char.GetUnicodeCategory(x)
            is not (
                System.Globalization.UnicodeCategory.Control
                or System.Globalization.UnicodeCategory.Format
                or System.Globalization.UnicodeCategory.Surrogate
                or System.Globalization.UnicodeCategory.PrivateUse
                or System.Globalization.UnicodeCategory.OtherNotAssigned
                or System.Globalization.UnicodeCategory.LineSeparator
                or System.Globalization.UnicodeCategory.ParagraphSeparator
            );

    private static string? Number(string member, long number) =>
        member == nameof(DocumentReference.Length)
            ? number is >= 0 and <= MaxDocumentBytes
                ? null
                : $"0 to {MaxDocumentBytes}"
            : number >= 0
                ? null
                : "0 or more";

    private static string? Roles(IReadOnlyList<string?> roles) =>
        roles.Count <= MaxRoles && roles.All(x => x is { Length: >= 1 and <= MaxIdCharacters } && x.All(IsPrintable))
            ? null
            : $"at most {MaxRoles} roles of 1 to {MaxIdCharacters} printable characters";

    private static Refusal? Across(object message) =>
        message switch
        {
            FailoverStarted x when x.FailedRecorderId == x.FailoverServerId => Itself,
            FailoverCompleted x when x.FailedRecorderId == x.FailoverServerId => Itself,
            FailoverCompleted x when x.CompletedAt < x.StartedAt => new(
                RefusalReason.OutOfBounds,
                nameof(x.CompletedAt),
                "not before StartedAt"
            ),
            SetCopyLimits { MaxBytesPerSecond: < LeastBytesPerSecond } => new(
                RefusalReason.OutOfBounds,
                nameof(SetCopyLimits.MaxBytesPerSecond),
                $"at least {LeastBytesPerSecond}, or none"
            ),
            SetCopyLimits { ChannelsAtOnce: < 1 or > MostChannelsAtOnce } => new(
                RefusalReason.OutOfBounds,
                nameof(SetCopyLimits.ChannelsAtOnce),
                $"1 to {MostChannelsAtOnce}, or none"
            ),
            SetCopyLimits { Hours: { } hours } when !WeekHours.TryParse(hours, out _) => new(
                RefusalReason.OutOfBounds,
                nameof(SetCopyLimits.Hours),
                WeekHours.Allowed
            ),
            FetchPeriodNow x when x.To <= x.From => new(RefusalReason.OutOfBounds, nameof(x.To), "after From"),
            _ => null,
        };

    private static readonly Refusal Itself = new(
        RefusalReason.OutOfBounds,
        nameof(FailoverStarted.FailoverServerId),
        "another recorder than the failed one"
    );
}
