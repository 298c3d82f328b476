using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Failback.Recorders;

/// <summary>Names, JSON shapes and statuses that both ends of the HTTP adapter share.</summary>
internal static class Wire
{
    public const string RecorderHeader = "Failback-Recorder";
    public const string EntryHeader = "Failback-Entry";
    public const string AttemptHeader = "Failback-Attempt";

    /// <summary>When the failover of the attempt began, ISO 8601 with its offset from UTC; left out when it is not known.</summary>
    public const string StartedHeader = "Failback-Failover-Started";

    /// <summary>Scheme of the Authorization header that a ticket comes with.</summary>
    public const string TicketScheme = "Failback-Ticket";
    public const string FramesType = "application/vnd.failback.frames";
    public const string ProblemType = "application/problem+json";
    public const int JsonBytes = 1 << 20;
    public const int NonceBytes = 16;

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false) },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        MaxDepth = 32,
    };

    public static int StatusOf(RecorderFault fault) =>
        fault switch
        {
            RecorderFault.BadRequest => 400,
            RecorderFault.Forbidden => 403,
            RecorderFault.StaleAttempt or RecorderFault.WrongRole => 409,
            RecorderFault.Incompatible => 422,
            RecorderFault.NotSupported => 501,
            RecorderFault.Busy => 503,
            RecorderFault.Full => 507,
            _ => 500,
        };

    /// <summary>The fault of an answer that is not a success: its own word when it may say that, else by its status.</summary>
    public static RecorderFault FaultOf(int status, Problem? problem) =>
        Enum.TryParse<RecorderFault>(problem?.Fault, out var said) && Enum.IsDefined(said) && StatusOf(said) == status
            ? said
            : status switch
            {
                401 or 403 => RecorderFault.Forbidden,
                429 or 503 => RecorderFault.Busy,
                400 or 413 or 431 => RecorderFault.BadRequest,
                501 => RecorderFault.NotSupported,
                507 => RecorderFault.Full,
                >= 500 => RecorderFault.Unreachable,
                _ => RecorderFault.BadAnswer,
            };

    /// <summary>Shows that one knows the secret of a recorder without telling it.</summary>
    public static string Prove(string secret, string recorderId, string nonce) =>
        Convert.ToHexStringLower(
            HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"failback-identity\n{nonce}\n{recorderId}"))
        );

    public static bool SameText(string x, string y) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(x)), SHA256.HashData(Encoding.UTF8.GetBytes(y)));

    /// <summary>Reads a body to its end; never holds more than the limit.</summary>
    /// <exception cref="WireException">It is longer.</exception>
    public static async Task<byte[]> ReadToEndAsync(Stream body, int most, CancellationToken token)
    {
        using var bytes = new MemoryStream();
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            int read;
            while ((read = await body.ReadAsync(buffer, token)) > 0)
            {
                if (bytes.Length + read > most)
                    throw new WireException($"longer than {most} bytes");
                bytes.Write(buffer, 0, read);
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
        return bytes.ToArray();
    }
}

/// <summary>An error as RFC 9457 tells it; <see cref="Fault"/> is the name of a <see cref="RecorderFault"/>.</summary>
internal sealed record Problem(string? Type, string? Title, int? Status, string? Fault, string? Detail);

/// <summary>Who answers on an address; the proof is there when the asker sent a nonce and the recorder has a secret.</summary>
internal sealed record WireIdentity(string RecorderId, string? Proof = null);

internal sealed record WireStatus(
    string RecorderId,
    string Name,
    LiveRole Role,
    bool Recording,
    DateTimeOffset Time,
    string Version,
    string SettingsFormat,
    IReadOnlyList<string> Storages,
    IReadOnlyList<string> Drivers,
    IReadOnlyList<string> Features,
    RestoreAttempt? LastAttempt = null,
    long FreeBytes = 0,
    double? WriteSeconds = null,
    long? Dropped = null
)
{
    public static WireStatus From(RecorderStatus status) =>
        new(
            status.RecorderId,
            status.Name,
            status.Role,
            status.Recording,
            status.Time,
            status.Version,
            status.SettingsFormat,
            status.Storages,
            status.Drivers,
            [.. Enum.GetValues<RecorderFeatures>().Where(x => x != 0 && status.Features.HasFlag(x)).Select(x => x.ToString())],
            status.LastAttempt,
            status.FreeBytes,
            status.WriteSeconds,
            status.Dropped
        );

    /// <summary>Features of a newer recorder that are unknown here are left out.</summary>
    public RecorderStatus ToStatus() =>
        new()
        {
            RecorderId = RecorderId,
            Name = Name,
            Role = Role,
            Recording = Recording,
            Time = Time.ToUniversalTime(),
            Version = Version,
            SettingsFormat = SettingsFormat,
            Storages = Storages,
            Drivers = Drivers,
            Features = Enum.GetValues<RecorderFeatures>()
                .Where(x => Features.Contains(x.ToString()))
                .Aggregate(RecorderFeatures.None, (x, y) => x | y),
            LastAttempt = LastAttempt,
            FreeBytes = FreeBytes,
            WriteSeconds = WriteSeconds is >= 0 ? WriteSeconds : null,
            Dropped = Dropped is >= 0 ? Dropped : null,
        };
}

/// <summary>What a listing or a verification asks for.</summary>
internal sealed record WirePeriod(
    string OriginRecorderId,
    TrackKind Kind,
    string TrackId,
    DateTimeOffset From,
    DateTimeOffset To,
    string? Cursor = null,
    int Limit = Limits.ItemsPerPage
)
{
    public static WirePeriod Of(TrackPeriod period, string? cursor, int limit) =>
        new(period.Track.OriginRecorderId, period.Track.Kind, period.Track.TrackId, period.From, period.To, cursor, limit);

    public TrackPeriod Period => new(new Track(OriginRecorderId, Kind, TrackId), From, To);
}

/// <summary>What is asked to be summed up.</summary>
internal sealed record WireBuckets(
    string OriginRecorderId,
    TrackKind Kind,
    string TrackId,
    DateTimeOffset From,
    DateTimeOffset To,
    int Buckets = 1
)
{
    public TrackPeriod Period => new(new Track(OriginRecorderId, Kind, TrackId), From, To);
}

internal sealed record WireDigest(string Digest);

internal sealed record WireTicket(string Ticket);

/// <summary>A hold without its id, which stands in the address.</summary>
internal sealed record WireHold(string OriginRecorderId, DateTimeOffset From, DateTimeOffset? To = null);

/// <summary>A track for people who ask.</summary>
internal sealed record WireTrack(
    int Number,
    string OriginRecorderId,
    TrackKind Kind,
    string TrackId,
    int Items,
    long Bytes,
    DateTimeOffset First,
    DateTimeOffset Last,
    string Href
);

/// <summary>An item for people who ask.</summary>
internal sealed record WireItem(
    DateTimeOffset Start,
    DateTimeOffset End,
    long Length,
    string Digest,
    string? SourceRecorderId,
    bool Overlap,
    string Href
);

internal sealed record WireItems(IReadOnlyList<WireItem> Items, string? Next);
