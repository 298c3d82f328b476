using Failback.Hosting;
using Failback.Recorders;
using Microsoft.Extensions.Logging;

namespace Failback.Worker;

/// <summary>
/// Lets the target fetch items from the source itself: one hop less. It is a short cut and never the judge: what does not come that way
/// is relayed, and there it is seen which recorder is at fault (ADR 0021).
/// </summary>
internal sealed partial class SlicePull(
    RecorderLink source,
    RecorderLink target,
    CopyWork work,
    SliceTime time,
    Pulls pulls,
    Brake brake,
    ILogger logger
)
{
    private bool isAble;

    /// <summary>
    /// Whether it is worth asking: both recorders can, and nothing has to be held to a rate, which only who sees the bytes could do.
    /// </summary>
    public void Allow(RecorderFeatures ofSource, RecorderFeatures ofTarget) =>
        isAble =
            ofSource.HasFlag(RecorderFeatures.Tickets)
            && ofTarget.HasFlag(RecorderFeatures.CopyFrom)
            && work.MaxBytesPerSecond is null
            && pulls.MayTry(source.Id, target.Id);

    public bool IsAble => isAble && brake.Rate is null;

    /// <summary>Asks for a batch in portions, until one does not come whole: then the rest of the slice is relayed.</summary>
    /// <returns>The target's word about what came.</returns>
    /// <exception cref="OperationCanceledException">The slice's time is over, or the host cuts.</exception>
    public async Task<IReadOnlyList<ItemReceipt>> RunAsync(IReadOnlyList<ItemEntry> batch, CancellationToken token)
    {
        var receipts = new List<ItemReceipt>();
        for (var next = 0; next < batch.Count && IsAble && !(receipts.Count > 0 && (time.IsDraining || time.IsUp)); )
        {
            var portion = Portion(batch, next);
            var began = pulls.Now;
            var came = await FetchedAsync(portion, token);
            receipts.AddRange(came);
            var bytes = came.Sum(x => x.Entry.Length);
            brake.Passed(bytes);
            isAble = came.Count == portion.Count && came.All(x => x.Result != WriteResult.DigestMismatch);
            if (isAble)
                pulls.Came(source.Id, target.Id, bytes, began);
            next += portion.Count;
        }
        return receipts;
    }

    private async Task<IReadOnlyList<ItemReceipt>> FetchedAsync(IReadOnlyList<ItemEntry> portion, CancellationToken token)
    {
        try
        {
            time.WaitsFor = Side.FailoverServer;
            var ticket = await source.Recorder.IssueTicketAsync(work.Track, portion, token);
            time.WaitsFor = Side.Recorder;
            KillPoint.Reached("slice.before-pull", work.Track.Kind.ToString());
            var from = new ItemSource(source.Id, work.Source.Address, ticket);
            var receipts = await target.Recorder.CopyFromAsync(from, work.Track, portion, token);
            KillPoint.Reached("slice.after-pull", work.Track.Kind.ToString());
            return receipts;
        }
        catch (Exception) when (token.IsCancellationRequested)
        {
            // Too slow for a slice: relaying may be faster, and what is relayed is kept item by item.
            if (!time.IsDraining)
                pulls.Failed(source.Id, target.Id);
            throw;
        }
        catch (Exception broken)
        {
            pulls.Failed(source.Id, target.Id);
            LogRelayed(logger, broken, target.Id, source.Id);
            return [];
        }
    }

    /// <summary>The target's word was wrong: from now on it is relayed to.</summary>
    public void Distrust()
    {
        isAble = false;
        pulls.Failed(source.Id, target.Id);
    }

    /// <summary>At least one item.</summary>
    private List<ItemEntry> Portion(IReadOnlyList<ItemEntry> batch, int from)
    {
        var (portion, bytes, most) = (new List<ItemEntry>(), 0L, pulls.Portion(source.Id, target.Id));
        for (var i = from; i < batch.Count && portion.Count < Limits.ItemsPerRequest; i++)
        {
            bytes += batch[i].Length;
            if (portion.Count > 0 && bytes > most)
                break;
            portion.Add(batch[i]);
        }
        return portion;
    }

    [LoggerMessage(
        2006,
        LogLevel.Warning,
        "Recorder {TargetId} could not fetch from {SourceId} by itself; what is missing is relayed, and for a while all else is too"
    )]
    private static partial void LogRelayed(ILogger logger, Exception exception, string targetId, string sourceId);
}
