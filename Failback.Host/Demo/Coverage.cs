using System.Text.Json;
using System.Text.Json.Serialization;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Host;

/// <summary>The summary of the story: what <c>--json</c> prints and the coverage table shows. Instants are UTC, sizes bytes.</summary>
internal sealed record Summary
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    /// <summary>The first entry; <see cref="Entries"/> has all.</summary>
    public required Guid Entry { get; init; }

    /// <summary>Succeeded when every failback and every material copy did.</summary>
    public required string Outcome { get; init; }
    public FailbackReason? Reason { get; init; }
    public required DateTimeOffset? StartedAt { get; init; }
    public required DateTimeOffset? EndedAt { get; init; }
    public required IReadOnlyList<EntrySummary> Entries { get; init; }
    public required IReadOnlyList<SystemChanged> SystemChanges { get; init; }
    public required IReadOnlyList<ChannelSummary> ChannelCopies { get; init; }

    /// <summary>Items copied, and their bytes.</summary>
    public required long Segments { get; init; }
    public required long Bytes { get; init; }
    public required IReadOnlyList<RecorderSummary> Recorders { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public static async Task<Summary> ReadAsync(IRead read, Site site, IReadOnlyList<Outage> outages, CancellationToken token)
    {
        var entries = new List<LogEntryView>();
        var copies = new List<MaterialCopyView>();
        foreach (var outage in outages)
        {
            if (await read.EntryAsync(outage.EntryId, token) is { } entry)
                entries.Add(entry);
            if (await read.MaterialCopyAsync(outage.EntryId, token) is { } copy)
                copies.Add(copy);
        }
        var channels = copies.SelectMany(x => x.ChannelCopies.Select(y => ChannelSummary.Of(x, y))).ToList();
        var directory = await read.RecordersAsync(null, 1_000, token);
        return new Summary
        {
            Entry = outages[0].EntryId,
            Outcome = entries.Count == outages.Count && entries.TrueForAll(x => x.Finalised) ? "Succeeded" : "Failed",
            Reason = entries.Select(x => x.FailbackReason).FirstOrDefault(x => x is not null),
            StartedAt = entries.Min(x => x.FailbackStartedAt),
            EndedAt = entries.Max(x => x.FailbackEndedAt),
            Entries = [.. entries.Select(EntrySummary.Of)],
            SystemChanges = await read.ChangesSinceAsync(0, 1_000, token),
            ChannelCopies = channels,
            Segments = channels.Sum(x => x.Copied),
            Bytes = channels.Sum(x => x.Bytes),
            Recorders =
            [
                .. site.Recorders.Select(x => new RecorderSummary(
                    x.Id,
                    x.Name,
                    directory.FirstOrDefault(y => y.RecorderId == x.Id)?.Role ?? "unknown",
                    x.BaseAddress
                )),
            ],
        };
    }
}

/// <summary>One entry of the log at the end.</summary>
internal sealed record EntrySummary(
    Guid Entry,
    string Recorder,
    string FailoverServer,
    string Failback,
    FailbackReason? Reason,
    DateTimeOffset PeriodStart,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    string? SettingsDigest,
    MaterialCopyStatus MaterialCopy,
    string Hold
)
{
    public static EntrySummary Of(LogEntryView x) =>
        new(
            x.EntryId,
            x.FailedRecorderId,
            x.FailoverServerId,
            x.Failback,
            x.FailbackReason,
            x.FailoverStartedAt,
            x.FailbackStartedAt,
            x.FailbackEndedAt,
            x.SettingsDigest,
            x.MaterialCopy,
            x.Hold
        );
}

/// <summary>One line of the coverage table.</summary>
internal sealed record ChannelSummary(
    string Recorder,
    DataKind Kind,
    string Channel,
    string Source,
    string Status,
    long Expected,
    long Copied,
    long AlreadyThere,
    long Missing,
    long Conflicts,
    long Verified,
    long Bytes
)
{
    public static ChannelSummary Of(MaterialCopyView copy, ChannelCopyView x) =>
        new(
            copy.RecorderId,
            x.Kind,
            x.Channel,
            x.SourceRecorderId,
            x.Status,
            x.Expected,
            x.Copied,
            x.AlreadyThere,
            x.MissingItems,
            x.Conflicts,
            x.Verified,
            x.BytesCopied
        );
}

/// <summary>A recorder of the site; anyone can ask it over HTTP what it holds.</summary>
internal sealed record RecorderSummary(string Id, string Name, string Role, string BaseAddress);
