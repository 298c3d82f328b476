using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Microsoft.Extensions.Logging;

namespace Failback.Worker;

/// <summary>One slice being copied: list both sides, write what is missing, look again, until nothing is wanted or it has to stop.</summary>
internal sealed class SliceInHand
{
    /// <summary>Items that one slice may list on a side: many with the same start go over MaxItems, but not without end.</summary>
    private const int MostListed = 100_000;

    private readonly RecorderLink source;
    private readonly RecorderLink target;
    private readonly Retries retries;
    private readonly CopyWork work;
    private readonly SliceTime time;
    private readonly TokenBucket bucket;
    private readonly SliceSums sums;
    private readonly SlicePull pull;
    private readonly Brake brake;
    private readonly BrakeWatch watch;
    private SliceProgress progress = null!;
    private RecorderFeatures ofTarget;
    private bool met;
    private int fruitless;

    /// <exception cref="SideException">BadAddress.</exception>
    public SliceInHand(
        IRecorderRegistry registry,
        Retries retries,
        Pulls pulls,
        Brakes brakes,
        CopyWork work,
        SliceTime time,
        TimeProvider clock,
        ILogger logger
    )
    {
        (this.retries, this.work, this.time) = (retries, work, time);
        bucket = new TokenBucket(() => work.MaxBytesPerSecond, clock);
        brake = brakes.Of(work.Target.RecorderId);
        source = RecorderLink.Open(registry, work.Source, Side.FailoverServer, retries);
        target = RecorderLink.Open(registry, work.Target, Side.Recorder, retries);
        sums = new SliceSums(source, target, work, time);
        watch = new BrakeWatch(target, brake, clock, logger);
        pull = new SlicePull(source, target, work, time, pulls, brake, logger);
    }

    /// <summary>Both identities, then both listings: the slice as it stands before anything is written.</summary>
    public async Task<SliceProgress> ListAsync(CancellationToken token)
    {
        time.WaitsFor = Side.FailoverServer;
        var theirs = await source.StatusAsync(token);
        time.WaitsFor = Side.Recorder;
        var ours = await target.StatusAsync(token);
        (ofTarget, met) = (ours.Features, true);
        watch.Look(ours);
        pull.Allow(theirs.Features, ofTarget);
        // A sum is of what is listed.
        var parts = work.ReadBack ? SliceParts.Whole(work) : await sums.PartsAsync(theirs.Features & ofTarget, token);
        time.WaitsFor = Side.FailoverServer;
        var (items, listedTo) = await ListSourceAsync(parts.Listed, token);
        progress = new SliceProgress(work, items, listedTo, parts);
        await CompareAsync(token);
        KillPoint.Reached("slice.listed", work.Track.Kind.ToString());
        return progress;
    }

    /// <summary>Whether a side that failed is there all the same: both had answered before it failed, and it answers now.</summary>
    public async Task<bool> AnswersAsync(Side side, CancellationToken token) =>
        met && await (side == Side.Recorder ? target : source).AnswersAsync(token);

    /// <summary>Writes until nothing is wanted, a limit stops it, or a fault outlasts its tries.</summary>
    public async Task CopyAsync(CancellationToken token)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(token);
        var watching = watch.RunAsync(over.Token);
        try
        {
            await WriteAsync(token);
        }
        finally
        {
            await over.CancelAsync();
            await watching;
        }
    }

    private async Task WriteAsync(CancellationToken token)
    {
        while (!time.IsDraining && progress.NextBatch() is { Count: > 0 } batch)
        {
            var before = progress.SettledCount;
            if (pull.IsAble)
            {
                var receipts = await pull.RunAsync([.. batch.Select(x => work.ToKeep(x, ofTarget))], token);
                await VerifyAsync(receipts.Count, token);
                JudgeReceipts(receipts);
                // What did not come is relayed, unless there is something to answer with and no time for more.
                if (time.IsUp && progress.SettledCount > before && progress.Answer().Reached > work.From)
                    return;
                continue;
            }
            var relay = new SliceRelay(source, target, work, progress, time, bucket, brake, ofTarget);
            await relay.RunAsync(batch, token);
            await VerifyAsync(relay.Receipts.Count, token);
            JudgeReceipts(relay.Receipts, relay);
            await JudgeGoneAsync(relay, token);
            JudgeTorn(relay);
            if (relay.Stopped && MayStop(relay, before))
                return;
            fruitless = progress.SettledCount > before ? 0 : fruitless + 1;
            await JudgeFaultAsync(relay, token);
        }
    }

    /// <summary>
    /// Stopped by a limit while a recorder failed and nothing settled, the fault is the answer, or nobody would wait for that recorder. And
    /// a limit ends no slice that has nothing new to say: an item that is read badly is read again at once, or it would never be settled.
    /// </summary>
    private bool MayStop(SliceRelay relay, int settledBefore) =>
        relay.Fault is null ? time.IsDraining || progress.Answer().Reached > work.From : progress.SettledCount > settledBefore;

    /// <summary>
    /// What was just written, on the target: when all that was wanted came, it has what the source has, and its sums say so without a
    /// listing.
    /// </summary>
    private async Task VerifyAsync(int came, CancellationToken token)
    {
        var mayAgree =
            !work.ReadBack && ofTarget.HasFlag(RecorderFeatures.BucketDigests) && came == progress.Items.Count - progress.SettledCount;
        if (mayAgree && await sums.AgreeAsync(progress.Sums(), token))
            progress.AllThere();
        else
            await CompareAsync(token);
        KillPoint.Reached("slice.verified", work.Track.Kind.ToString());
    }

    /// <summary>What the target has now of the slice's time.</summary>
    public async Task CompareAsync(CancellationToken token)
    {
        var ours = new List<ItemEntry>();
        foreach (var span in progress.Spans())
        {
            time.WaitsFor = Side.Recorder;
            var period = new TrackPeriod(work.Track, span.From, span.To);
            await foreach (var item in work.ReadBack ? target.ReadBackAsync(period, token) : target.ItemsAsync(period, token))
            {
                if (item.IsSound())
                    ours.Add(item);
                if (ours.Count > MostListed)
                    throw new SideException(Side.Recorder, RecorderFault.BadAnswer, $"lists more than {MostListed} items of a slice");
            }
        }
        progress.Compare(ours);
    }

    /// <summary>At most MaxItems, cut between two starts: items with the same start stay together, so the time reached is exact.</summary>
    private async Task<(List<ItemEntry> Items, DateTimeOffset ListedTo)> ListSourceAsync(IReadOnlyList<Part> parts, CancellationToken token)
    {
        var (items, bytes) = (new List<ItemEntry>(), 0L);
        foreach (var part in parts)
        await foreach (
            var item in source.ItemsAsync(new TrackPeriod(work.Track, part.From, part.To), work.MaxItems + 1 - items.Count, token)
        )
        {
            if (!work.Takes(item) || (items.Count > 0 && ItemOrder.Instance.Compare(items[^1], item) >= 0))
                continue;
            // Of another part, unless it straddles the start of the first slice.
            if (item.Start >= part.To || (item.Start < part.From && part.From > work.From))
                continue;
            // What is read back has to fit into the time of a slice, too.
            var full = items.Count >= work.MaxItems || (work.ReadBack && bytes >= work.MaxBytes);
            if (full && work.At(item) > work.At(items[^1]))
                return (items, work.At(item));
            if (items.Count == MostListed)
                throw new SideException(Side.FailoverServer, RecorderFault.BadRequest, $"has more than {MostListed} items at one instant");
            items.Add(item);
            bytes += Math.Clamp(item.Length, 0, Limits.ItemBytes);
        }
        return (items, work.To);
    }

    /// <param name="relay">Null when the target fetched the items: then nobody saw what came, and a bad read is no evidence.</param>
    private void JudgeReceipts(IReadOnlyList<ItemReceipt> receipts, SliceRelay? relay = null)
    {
        foreach (var receipt in receipts)
        {
            if (progress.Find(receipt.Entry) is not { } item)
                continue;
            if (receipt.Result == WriteResult.AlreadyThere && item.State == ItemState.Copied)
                item.State = ItemState.AlreadyThere;
            else if (receipt.Result is WriteResult.Created or WriteResult.AlreadyThere && !item.Settled && relay is null)
                pull.Distrust();
            else if (receipt.Result is WriteResult.Created or WriteResult.AlreadyThere && !item.Settled)
                throw new SliceFailedException(CopyFailure.ChecksumMismatch, $"{target.Id} confirmed an item that it does not list");
            else if (receipt.Result == WriteResult.Conflict && !item.Settled)
                item.State = ItemState.Conflict;
            else if (receipt.Result == WriteResult.DigestMismatch && !item.Settled && relay is not null)
                JudgeBadRead(item, relay.SignatureOf(item));
        }
    }

    /// <summary>An item whose bytes are not the listed ones: damaged at the source when every read says the same (F5, F6).</summary>
    private void JudgeBadRead(SliceItem item, ReadSignature signature)
    {
        item.ReadBadly(signature);
        if (item.DamagedAtSource)
            item.Lose(CopyFailure.DamagedAtSource);
        else if (item.ReadEnough)
            throw new SliceFailedException(
                CopyFailure.ChecksumMismatch,
                $"an item listed as {item.Entry.Digest} came over as {signature.Digest}"
            );
    }

    private void JudgeTorn(SliceRelay relay)
    {
        if (relay.TornItem is { Settled: false } torn && torn.DamagedAtSource)
            torn.Lose(CopyFailure.DamagedAtSource);
    }

    /// <summary>Left out by the source: deleted since it was listed, or listed and never delivered.</summary>
    private async Task JudgeGoneAsync(SliceRelay relay, CancellationToken token)
    {
        var gone = relay.Gone.Where(x => !x.Settled).ToList();
        if (gone.Count == 0)
            return;
        var wanted = gone.ToDictionary(x => (x.Entry.Start, x.Entry.Digest));
        var period = new TrackPeriod(work.Track, gone[0].Entry.Start, gone[^1].Entry.Start.AddTicks(1));
        time.WaitsFor = Side.FailoverServer;
        await foreach (var listed in source.ItemsAsync(period, token))
        {
            if (wanted.Remove((listed.Start, listed.Digest), out var item))
                JudgeBadRead(item, default);
        }
        foreach (var item in wanted.Values)
            item.Lose(CopyFailure.HoldLost);
    }

    /// <summary>A transient fault is worth another round while there is time; anything else ends the slice (D9).</summary>
    private async Task JudgeFaultAsync(SliceRelay relay, CancellationToken token)
    {
        if (relay.Fault is { } fault)
        {
            var tornAgain = relay.TornItem is { ReadEnough: false } or { Settled: true };
            if (!fault.Fault.IsTransient() || time.IsUp || (fruitless >= retries.Tries && !tornAgain))
                throw fault;
            await retries.WaitAsync(Math.Max(fruitless, 1), token);
        }
        else if (fruitless >= SliceItem.MostReads)
        {
            throw new SideException(Side.Recorder, RecorderFault.BadAnswer, $"{target.Id} neither keeps nor refuses what is written");
        }
    }
}
