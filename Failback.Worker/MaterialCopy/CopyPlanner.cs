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

    /// <summary>
    /// The plan as a document, or the recorder at fault. One failover server that cannot be listed does not keep back what the others hold
    /// (D6, I15): they are planned, and it is named beside their plan.
    /// </summary>
    /// <returns>Null when the host stops: the plan is asked for again.</returns>
    public async Task<MaterialCopyPlanned?> PlanAsync(PlanMaterialCopy work, CancellationToken token)
    {
        using var time = draining.Begin(TimeSpan.FromSeconds(options.Value.PlanSeconds), Draining.CutAfter, clock, token);
        try
        {
            if (Refusal(work) is { } refusal)
                return Failed(work, CopyFailure.InternalError, null, refusal);
            await RecorderLink.Open(registry, work.Target, Side.Recorder, retries).StatusAsync(time.Token);
            var (lines, evidence, faults) = (new List<PlannedChannelCopy>(), new EvidencePeriods(), new List<Unlisted>());
            for (var i = 0; i < work.Sources.Count; i++)
            {
                using var share = i < work.Sources.Count - 1 ? time.Half() : null;
                // Who is away is asked once, however many periods it holds.
                var same = faults.Find(x => x.RecorderId == work.Sources[i].Source.RecorderId);
                if ((same ?? await ListAsync(work.Sources[i], work.Evidence ? evidence : null, lines, share ?? time)) is { } fault)
                    faults.Add(fault);
            }
            return await AnswerAsync(work, new CopyPlan { ChannelCopies = lines, Evidence = evidence.All }, faults, token);
        }
        catch (SideException fault)
        {
            return Failed(work, fault.AsCopyFailure(), work.Target.RecorderId, fault.Message);
        }
        catch (OperationCanceledException) when (time.IsStopping)
        {
            return null;
        }
        catch (OperationCanceledException)
        {
            return Failed(work, CopyFailure.RecorderStalled, work.Target.RecorderId, Late);
        }
        catch (Exception unforeseen)
        {
            LogUnforeseen(logger, unforeseen, work.MaterialCopyId);
            return Failed(work, CopyFailure.InternalError, null, unforeseen.GetType().Name);
        }
    }

    private string Late => $"not listed in time: all of a plan may take {options.Value.PlanSeconds} s";

    /// <summary>A failover server that is not in the plan, and why.</summary>
    private sealed record Unlisted(string RecorderId, CopyFailure Failure, string Detail);

    /// <summary>Adds the lines of one failover server: all or none.</summary>
    /// <param name="evidence">Gets what its alarms say comes first; null when nobody asked.</param>
    /// <returns>Its fault; null when it is listed.</returns>
    private async Task<Unlisted?> ListAsync(CopySource source, EvidencePeriods? evidence, List<PlannedChannelCopy> lines, WorkTime time)
    {
        var (id, listed) = (source.Source.RecorderId, new List<PlannedChannelCopy>());
        try
        {
            var link = RecorderLink.Open(registry, source.Source, Side.FailoverServer, retries);
            var status = await link.StatusAsync(time.Token);
            await foreach (var (line, counted) in LinesAsync(link, status.Features, source, time))
            {
                listed.Add(line);
                if (evidence is not null && counted && line is { Kind: DataKind.Alarm, Items: > 0 })
                    await AddAlarmsAsync(link, line, evidence, time.Token);
            }
            lines.AddRange(listed);
            return null;
        }
        catch (SideException fault)
        {
            return new Unlisted(id, fault.AsCopyFailure(), fault.Message);
        }
        catch (OperationCanceledException) when (!time.IsStopping)
        {
            return new Unlisted(id, CopyFailure.FailoverServerStalled, Late);
        }
    }

    /// <summary>The plan of those that were listed, with the first of the others: who is away is waited for as long as it takes (D9).</summary>
    private async Task<MaterialCopyPlanned> AnswerAsync(
        PlanMaterialCopy work,
        CopyPlan planned,
        IReadOnlyList<Unlisted> faults,
        CancellationToken token
    )
    {
        var first = faults.MinBy(x =>
            x.Failure switch
            {
                CopyFailure.NoFailoverServerConnection => 0,
                CopyFailure.WrongIdentity => 2,
                _ => 1,
            }
        );
        var detail = string.Join("; ", faults.OrderBy(x => x != first).Select(x => x.Detail).Distinct());
        if (first is not null && faults.Count == work.Sources.Count)
            return Failed(work, first.Failure, first.RecorderId, detail);
        var answer = await StoreAsync(work, planned, token);
        if (first is null || answer.Plan is null)
            return answer;
        LogPlannedInPart(logger, work.MaterialCopyId, faults.Count, work.Sources.Count, first.RecorderId, first.Failure);
        return answer with { Failure = first.Failure, FailedRecorderId = first.RecorderId, Detail = SideFaults.Cut(detail) };
    }

    /// <summary>One line a channel and kind, in the order people know the channels by; a track without items is listed with 0.</summary>
    private async IAsyncEnumerable<(PlannedChannelCopy Line, bool Counted)> LinesAsync(
        RecorderLink link,
        RecorderFeatures features,
        CopySource source,
        WorkTime time
    )
    {
        foreach (var track in await Tracks.OfAsync(link, source.OriginRecorderId, time.Token))
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
        using var half = time.Half();
        try
        {
            return await Tracks.CountAsync(link, features, period, half.Token);
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
        2104,
        LogLevel.Warning,
        "Material copy {MaterialCopyId} is planned without {Unlisted} of {Sources} periods: {RecorderId} cannot be listed ({Failure})"
    )]
    private static partial void LogPlannedInPart(
        ILogger logger,
        Guid materialCopyId,
        int unlisted,
        int sources,
        string recorderId,
        CopyFailure failure
    );

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
