using System.Text.Json;
using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>Lists what the failover servers hold of the periods to copy (R34): every channel, kind by kind, with items and bytes.</summary>
internal sealed partial class CopyPlanner(
    IRecorderRegistry registry,
    IDocuments documents,
    Retries retries,
    Draining draining,
    IOptions<WorkerOptions> options,
    TimeProvider clock,
    ILogger<CopyPlanner> logger
)
{
    private const int MostSources = 64;

    /// <summary>Of one track: beyond that, what alarms say about what comes first is no news.</summary>
    private const int MostAlarms = 50_000;

    /// <summary>The plan as a document, or the recorder at fault.</summary>
    /// <returns>Null when the host stops: the plan is asked for again.</returns>
    public async Task<MaterialCopyPlanned?> PlanAsync(PlanMaterialCopy work, CancellationToken token)
    {
        using var time = draining.Begin(TimeSpan.FromSeconds(options.Value.PlanSeconds), Draining.CutAfter, clock, token);
        var asked = work.Target;
        try
        {
            if (Refusal(work) is { } refusal)
                return Failed(work, CopyFailure.InternalError, null, refusal);
            await RecorderLink.Open(registry, asked, Side.Recorder, retries).StatusAsync(time.Token);
            var (lines, evidence) = (new List<PlannedChannelCopy>(), new EvidencePeriods());
            foreach (var source in work.Sources)
            {
                asked = source.Source;
                var link = RecorderLink.Open(registry, asked, Side.FailoverServer, retries);
                var status = await link.StatusAsync(time.Token);
                await foreach (var (line, counted) in LinesAsync(link, status.Features, source, time))
                {
                    lines.Add(line);
                    if (work.Evidence && counted && line is { Kind: DataKind.Alarm, Items: > 0 })
                        await AddAlarmsAsync(link, line, evidence, time.Token);
                }
            }
            return await StoreAsync(work, new CopyPlan { ChannelCopies = lines, Evidence = evidence.All }, time.Token);
        }
        catch (SideException fault)
        {
            return Failed(work, fault.AsCopyFailure(), asked.RecorderId, fault.Message);
        }
        catch (OperationCanceledException) when (draining.Started.IsCancellationRequested || token.IsCancellationRequested)
        {
            return null;
        }
        catch (OperationCanceledException)
        {
            var late = $"not listed in time: all of a plan may take {options.Value.PlanSeconds} s";
            return Failed(work, CopyFailure.FailoverServerStalled, asked.RecorderId, late);
        }
        catch (Exception unforeseen)
        {
            LogUnforeseen(logger, unforeseen, work.MaterialCopyId);
            return Failed(work, CopyFailure.InternalError, null, unforeseen.GetType().Name);
        }
    }

    /// <summary>One line a channel and kind, in the order people know the channels by; a track without items is listed with 0.</summary>
    private async IAsyncEnumerable<(PlannedChannelCopy Line, bool Counted)> LinesAsync(
        RecorderLink link,
        RecorderFeatures features,
        CopySource source,
        WorkTime time
    )
    {
        foreach (var track in await TracksAsync(link, source.OriginRecorderId, time.Token))
        {
            var count = await TryCountAsync(link, features, new TrackPeriod(track, source.From, source.To), time);
            // What is planned as nothing is never copied: one item, until its channel copy knows better.
            var (items, bytes) = count ?? (1, 0);
            var line = new PlannedChannelCopy
            {
                EntryId = source.EntryId,
                SourceRecorderId = link.Id,
                OriginRecorderId = source.OriginRecorderId,
                Kind = (DataKind)(int)track.Kind,
                TrackId = track.TrackId,
                From = source.From,
                To = source.To,
                Items = items,
                Bytes = bytes,
            };
            yield return (line, count is not null);
        }
    }

    /// <summary>
    /// The items of a track and their bytes. When a failover server answers, and not this, then it is this track alone that cannot be
    /// counted: its own channel copy finds out what there is, or fails, and the others do not wait for it (F15, I15). A track may take half
    /// of the time that is left, so that one that hangs leaves time for those after it.
    /// </summary>
    /// <returns>Null when it cannot be counted.</returns>
    /// <exception cref="SideException">The failover server is away, another one, or busy.</exception>
    private async Task<(long Items, long Bytes)?> TryCountAsync(
        RecorderLink link,
        RecorderFeatures features,
        TrackPeriod period,
        WorkTime time
    )
    {
        using var half = new CancellationTokenSource(time.Left / 2, clock);
        using var share = CancellationTokenSource.CreateLinkedTokenSource(half.Token, time.Token);
        try
        {
            return await CountAsync(link, features, period, share.Token);
        }
        catch (Exception uncounted)
            when (!time.Token.IsCancellationRequested
                && uncounted
                    is OperationCanceledException
                        or SideException { Fault: not (RecorderFault.Busy or RecorderFault.WrongIdentity) }
            )
        {
            if (!await link.AnswersAsync(time.Token))
                throw;
            LogUncounted(logger, uncounted, period.Track.Kind, link.Id);
            return null;
        }
    }

    private async Task AddAlarmsAsync(RecorderLink link, PlannedChannelCopy line, EvidencePeriods evidence, CancellationToken token)
    {
        var (period, left) = (
            new TrackPeriod(new Track(line.OriginRecorderId, TrackKind.Alarm, line.TrackId), line.From, line.To),
            MostAlarms
        );
        try
        {
            await foreach (var alarm in link.ItemsAsync(period, token))
            {
                if (alarm.IsSound() && alarm.Start >= line.From && alarm.Start < line.To)
                    evidence.Add(alarm.Start);
                if (--left == 0)
                    return;
            }
        }
        catch (SideException unlisted)
        {
            // Only what comes first depends on it.
            LogUnlisted(logger, unlisted, link.Id);
        }
    }

    /// <summary>Items that meet a period and their bytes: a sum of those that start in it, and the few that straddle its start.</summary>
    private static async Task<(long Items, long Bytes)> CountAsync(
        RecorderLink link,
        RecorderFeatures features,
        TrackPeriod period,
        CancellationToken token
    )
    {
        var sum =
            features.HasFlag(RecorderFeatures.BucketDigests) && period.To - period.From > SliceParts.Edge
                ? (await link.SumsAsync(period, 1, token))?[0]
                : null;
        // A sum of nothing is looked at: what is planned as nothing is never copied.
        if (sum is { Items: 0 })
            sum = null;
        var (items, bytes) = (sum?.Items ?? 0, sum?.Bytes ?? 0);
        var listed = sum is null ? period : period with { To = period.From + SliceParts.Edge };
        ItemEntry? last = null;
        await foreach (var item in link.ItemsAsync(listed, token))
        {
            // Listed twice, it is one all the same: what was planned and does not come is missing.
            if ((sum is null || item.Start < period.From) && (last is null || ItemOrder.Instance.Compare(last, item) != 0))
                (items, bytes) = (items + 1, bytes + Math.Clamp(item.Length, 0, Limits.ItemBytes));
            last = item;
        }
        return (items, bytes);
    }

    /// <summary>The channels that a recorder holds of an origin recorder, in the order people know them by.</summary>
    /// <exception cref="SideException">The recorder's fault; BadAnswer when the list is over the bounds of the port.</exception>
    internal static async Task<IReadOnlyList<Channel>> ChannelsAsync(RecorderLink link, string originRecorderId, CancellationToken token)
    {
        var channels = await link.AskAsync((x, y) => x.ListChannelsAsync(originRecorderId, y), token);
        if (channels.Count > Limits.ChannelsPerRecorder)
            throw new SideException(link.Side, RecorderFault.BadAnswer, $"{link.Id} lists more than {Limits.ChannelsPerRecorder} channels");
        if (channels.Any(x => !MessageBounds.Fits(x.TrackId, Limits.TrackIdCharacters) || x.Kinds.Any(y => !Enum.IsDefined(y))))
            throw new SideException(link.Side, RecorderFault.BadAnswer, $"{link.Id} lists a channel with a wrong id or kind");
        return [.. channels.OrderBy(x => x.Number).ThenBy(x => x.TrackId, StringComparer.Ordinal)];
    }

    /// <summary>Every track that a recorder holds of an origin recorder, each once.</summary>
    /// <exception cref="SideException">As for <see cref="ChannelsAsync"/>.</exception>
    internal static async Task<IReadOnlyList<Track>> TracksAsync(RecorderLink link, string originRecorderId, CancellationToken token) =>
        TracksOf(await ChannelsAsync(link, originRecorderId, token), originRecorderId);

    /// <summary>Every track of some channels, each once.</summary>
    internal static IReadOnlyList<Track> TracksOf(IReadOnlyList<Channel> channels, string originRecorderId) =>
        [.. channels.SelectMany(x => x.Kinds.Order().Select(y => new Track(originRecorderId, y, x.TrackId))).Distinct()];

    private async Task<MaterialCopyPlanned> StoreAsync(PlanMaterialCopy work, CopyPlan planned, CancellationToken token)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(planned, JsonSerializerOptions.Web);
        if (json.Length > Limits.SettingsBytes)
            return Failed(work, CopyFailure.InternalError, null, $"a plan of {json.Length} bytes is over {Limits.SettingsBytes}");
        var plan = await documents.PutAsync(json, token);
        var lines = planned.ChannelCopies;
        LogPlanned(logger, work.MaterialCopyId, lines.Count, lines.Sum(x => x.Items), lines.Sum(x => x.Bytes));
        return new MaterialCopyPlanned
        {
            MaterialCopyId = work.MaterialCopyId,
            Epoch = work.Epoch,
            Plan = plan,
        };
    }

    private static string? Refusal(PlanMaterialCopy work)
    {
        if (MessageBounds.Refusal("Target", work.Target) is { } target)
            return target;
        return Refusal(work.Sources);
    }

    /// <summary>What is wrong with the periods of a message; null when nothing is.</summary>
    internal static string? Refusal(IReadOnlyList<CopySource>? sources) =>
        sources is not { Count: >= 1 and <= MostSources }
            ? $"Sources: 1 to {MostSources}"
            : sources.Select(Refusal).FirstOrDefault(x => x is not null);

    private static string? Refusal(CopySource source)
    {
        if (!MessageBounds.Fits(source.OriginRecorderId, MessageBounds.RecorderIdCharacters))
            return $"OriginRecorderId: 1 to {MessageBounds.RecorderIdCharacters} characters";
        return MessageBounds.Refusal("Source", source.Source) ?? MessageBounds.Refusal(source.From, source.To);
    }

    private static MaterialCopyPlanned Failed(PlanMaterialCopy work, CopyFailure failure, string? recorderId, string detail) =>
        new()
        {
            MaterialCopyId = work.MaterialCopyId,
            Epoch = work.Epoch,
            Failure = failure,
            FailedRecorderId = recorderId,
            Detail = SideFaults.Cut(detail),
        };

    [LoggerMessage(
        2100,
        LogLevel.Information,
        "Material copy {MaterialCopyId} planned: {Lines} channel copies, {Items} items, {Bytes} bytes"
    )]
    private static partial void LogPlanned(ILogger logger, Guid materialCopyId, int lines, long items, long bytes);

    [LoggerMessage(
        2102,
        LogLevel.Warning,
        "The alarms of {RecorderId} cannot be listed: what was recorded around them does not come first"
    )]
    private static partial void LogUnlisted(ILogger logger, Exception exception, string recorderId);

    [LoggerMessage(
        2103,
        LogLevel.Warning,
        "A track of {Kind} of {RecorderId} cannot be counted: it is planned all the same, and its channel copy fails or succeeds by itself"
    )]
    private static partial void LogUncounted(ILogger logger, Exception exception, TrackKind kind, string recorderId);

    [LoggerMessage(2101, LogLevel.Error, "Planning material copy {MaterialCopyId} met something unforeseen")]
    private static partial void LogUnforeseen(ILogger logger, Exception exception, Guid materialCopyId);
}
