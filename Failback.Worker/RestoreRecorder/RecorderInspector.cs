using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Worker;

/// <summary>Looks at both recorders as a failback would, and changes nothing on them (dry run).</summary>
internal sealed partial class RecorderInspector(
    IRecorderRegistry registry,
    SettingsFinder finder,
    IDocuments documents,
    Retries retries,
    Draining draining,
    IOptions<WorkerOptions> options,
    TimeProvider clock,
    ILogger<RecorderInspector> logger
)
{
    /// <returns>What was seen; what could not be looked at within the time is left out. Null when the host stops.</returns>
    public async Task<RecordersInspected?> InspectAsync(InspectRecorders work, CancellationToken token)
    {
        using var time = draining.Begin(TimeSpan.FromSeconds(options.Value.RestoreSeconds), Draining.CutAfter, clock, token);
        var recorder = await LookAsync(work.Recorder, Side.Recorder, time.Token);
        var failoverServer = await LookAsync(work.FailoverServer, Side.FailoverServer, time.Token);
        var answer = new RecordersInspected
        {
            RequestId = work.RequestId,
            EntryId = work.EntryId,
            Recorder = recorder.Inspection,
            FailoverServer = failoverServer.Inspection,
            Reason = Refusal(work, recorder, failoverServer),
        };
        try
        {
            answer = await SettingsAsync(work, answer, recorder, failoverServer, time.Token);
            return await CountAsync(work, answer, recorder, failoverServer, time.Token);
        }
        catch (Exception stopping) when (stopping is not SideException && StopsFor(token))
        {
            return null;
        }
        catch (Exception unseen)
        {
            LogUnseen(logger, unseen, work.EntryId);
            return answer with { Reason = answer.Reason ?? ReasonOf(unseen) };
        }
    }

    private bool StopsFor(CancellationToken token) => draining.Started.IsCancellationRequested || token.IsCancellationRequested;

    private static FailbackReason? ReasonOf(Exception unseen) =>
        unseen switch
        {
            OperationCanceledException => null,
            SideException fault => fault.Side.AsNoConnection(),
            NotRestoredException refused => refused.Reason,
            _ => FailbackReason.InternalError,
        };

    private static FailbackReason? Refusal(InspectRecorders work, Seen recorder, Seen failoverServer)
    {
        if (recorder.Status is null)
            return FailbackReason.NoRecorderConnection;
        if (failoverServer.Status is null)
            return FailbackReason.NoFailoverServerConnection;
        return LiveRoles.Refusal(recorder.Status, failoverServer.Status, [work.EntryId, .. work.EarlierEntryIds ?? []])?.Reason;
    }

    private async Task<Seen> LookAsync(RecorderAddress address, Side side, CancellationToken token)
    {
        var inspection = new RecorderInspection { RecorderId = address.RecorderId, Reachable = false };
        try
        {
            var link = RecorderLink.Open(registry, address, side, retries);
            var status = await link.StatusAsync(token);
            inspection = inspection with
            {
                Reachable = true,
                IdentityMatches = true,
                LiveRole = status.Role.ToString(),
                Recording = status.Recording,
                SoftwareVersion = status.Version,
                ClockOffsetMilliseconds = (long)(status.Time - clock.GetUtcNow()).TotalMilliseconds,
            };
            return new Seen(inspection, link, status);
        }
        catch (SideException fault) when (fault.Fault == RecorderFault.WrongIdentity)
        {
            return new Seen(inspection with { Reachable = true }, null, null);
        }
        catch (Exception unreachable) when (unreachable is SideException or OperationCanceledException)
        {
            return new Seen(inspection, null, null);
        }
    }

    private async Task<RecordersInspected> SettingsAsync(
        InspectRecorders work,
        RecordersInspected answer,
        Seen recorder,
        Seen failoverServer,
        CancellationToken token
    )
    {
        var now = recorder.Link is { } repaired ? await finder.FreshAsync(repaired, token) : null;
        if (now is not null)
            answer = answer with { SettingsNow = await documents.PutAsync(now.Bytes, token) };
        if (failoverServer.Link is not { } link)
            return answer;
        try
        {
            var found = await finder.FindAsync(link, work.CachedSettings, token);
            answer = answer with { Settings = found.Reference };
            if (now is not null)
            {
                var (listed, more) = SettingsComparison.Of(now.Bytes, found.Settings.Bytes, token);
                answer = answer with { Differences = listed, MoreDifferences = more };
            }
            var fits = recorder.Status is null || SettingsDocument.Read(found.Settings.Bytes)!.WhyIncompatible(recorder.Status) is null;
            return fits ? answer : answer with { Reason = answer.Reason ?? FailbackReason.Incompatible };
        }
        catch (NotRestoredException refused)
        {
            return answer with { Reason = answer.Reason ?? refused.Reason };
        }
    }

    private static async Task<RecordersInspected> CountAsync(
        InspectRecorders work,
        RecordersInspected answer,
        Seen recorder,
        Seen failoverServer,
        CancellationToken token
    )
    {
        if (failoverServer.Link is not { } source || work.From >= work.To)
            return answer;
        foreach (var track in await Tracks.OfAsync(source, work.Recorder.RecorderId, token))
        {
            var period = new TrackPeriod(track, work.From, work.To);
            var (items, bytes) = await LackedItems.CountAsync(source, recorder.Link, period, token);
            if (items > 0)
                answer = answer with
                {
                    ChannelCopies = answer.ChannelCopies + 1,
                    Items = answer.Items + items,
                    Bytes = answer.Bytes + bytes,
                };
        }
        return answer;
    }

    private sealed record Seen(RecorderInspection Inspection, RecorderLink? Link, RecorderStatus? Status);

    [LoggerMessage(2022, LogLevel.Warning, "The recorders of entry {EntryId} could not be inspected whole")]
    private static partial void LogUnseen(ILogger logger, Exception exception, Guid entryId);
}
