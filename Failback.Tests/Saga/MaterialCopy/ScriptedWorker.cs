using System.Collections.Concurrent;
using System.Text.Json;
using Failback.Hosting;
using Failback.Messages;
using MassTransit;

namespace Failback.Tests;

/// <summary>A worker that does what a spec says: by default all goes well, one item per started minute.</summary>
internal sealed class ScriptedWorker
{
    public IDocuments Documents { get; set; } = null!;

    /// <summary>Every slice that was handed to it, in order.</summary>
    public ConcurrentQueue<CopyChannelData> Slices { get; } = new();
    public ConcurrentQueue<PlanMaterialCopy> Plans { get; } = new();
    public ConcurrentQueue<ReleaseHold> Releases { get; } = new();
    public ConcurrentQueue<ProveMaterialCopy> Proofs { get; } = new();

    /// <summary>It listens to refusals too, for specs that have no other ear on the bus.</summary>
    public ConcurrentQueue<MaterialCopyRejected> Rejected { get; } = new();

    /// <summary>The tracks of every source, and the items of each.</summary>
    public Func<CopySource, IEnumerable<PlannedChannelCopy>> Tracks { get; set; } = source => [Line(source, DataKind.Video, "cam-1")];

    /// <summary>Periods around alarms, in minutes after the start, when they are asked for.</summary>
    public IReadOnlyList<(int From, int To)> Evidence { get; set; } = [];

    /// <summary>What it answers to a plan; null uses <see cref="Tracks"/>.</summary>
    public Func<PlanMaterialCopy, MaterialCopyPlanned?> PlanAnswer { get; set; } = _ => null;

    /// <summary>What it answers to a slice; null means silence.</summary>
    public Func<CopyChannelData, ChannelDataAnswered?> Answer { get; set; } = Whole;

    /// <summary>What it answers when a report is asked for; null means silence. Without a document it makes one.</summary>
    public Func<ProveMaterialCopy, MaterialCopyProved?> ProofAnswer { get; set; } = Proved;

    public static MaterialCopyProved Proved(ProveMaterialCopy work) =>
        new()
        {
            ReportId = work.ReportId,
            MaterialCopyId = work.MaterialCopyId,
            EntryId = work.EntryId,
            At = work.Sources[0].To,
            Evidence = work.Evidence,
            Whole = true,
            Root = new string('b', 64),
            Counts =
            [
                new()
                {
                    Mark = CoverageMark.Copied,
                    Items = 180,
                    Bytes = 180_000,
                },
            ],
        };

    public static PlannedChannelCopy Line(CopySource source, DataKind kind, string track, long items = 180) =>
        new()
        {
            EntryId = source.EntryId,
            SourceRecorderId = source.Source.RecorderId,
            OriginRecorderId = source.OriginRecorderId,
            Kind = kind,
            TrackId = track,
            From = source.From,
            To = source.To,
            Items = items,
            Bytes = items * 1000,
        };

    public static ChannelDataAnswered Whole(CopyChannelData work) => UpTo(work, work.To);

    /// <summary>Everything up to there is on the recorder and verified.</summary>
    public static ChannelDataAnswered UpTo(CopyChannelData work, DateTimeOffset reached)
    {
        var items = (long)Math.Ceiling((reached - work.From).TotalMinutes);
        return new()
        {
            MaterialCopyId = work.MaterialCopyId,
            ChannelCopyId = work.ChannelCopyId,
            SliceId = work.SliceId,
            Epoch = work.Epoch,
            Outcome = SliceOutcome.Done,
            Reached = reached,
            Expected = items,
            Copied = items,
            Verified = items,
            BytesCopied = items * 1000,
            Worker = "scripted",
        };
    }

    public static ChannelDataAnswered Not(CopyChannelData work, CopyFailure failure, DateTimeOffset? reached = null) =>
        UpTo(work, reached ?? work.From) with
        {
            Outcome = SliceOutcome.Failed,
            Failure = failure,
        };

    /// <summary>The answer with its report as a document, unless it says why there is none.</summary>
    public async Task<MaterialCopyProved?> ProveAsync(ProveMaterialCopy work, CancellationToken token) =>
        ProofAnswer(work) is not { } answer ? null
        : answer.Failure is not null || answer.Report is not null ? answer
        : answer with { Report = await Documents.PutAsync(ReportOf(work), token) };

    /// <summary>The bytes of a scripted report.</summary>
    public static byte[] ReportOf(ProveMaterialCopy work) => System.Text.Encoding.UTF8.GetBytes($"report {work.ReportId}");

    public async Task<MaterialCopyPlanned> PlanAsync(PlanMaterialCopy work, CancellationToken token)
    {
        if (PlanAnswer(work) is { } scripted)
            return scripted;
        var start = work.Sources[0].From;
        var plan = new CopyPlan
        {
            ChannelCopies = [.. work.Sources.SelectMany(Tracks)],
            Evidence = [.. Evidence.Select(x => new EvidencePeriod { From = start.AddMinutes(x.From), To = start.AddMinutes(x.To) })],
        };
        var document = await Documents.PutAsync(JsonSerializer.SerializeToUtf8Bytes(plan, JsonSerializerOptions.Web), token);
        return new()
        {
            MaterialCopyId = work.MaterialCopyId,
            Epoch = work.Epoch,
            Plan = document,
        };
    }
}

internal sealed class ScriptedWorkerConsumer(ScriptedWorker worker)
    : IConsumer<PlanMaterialCopy>,
        IConsumer<CopyChannelData>,
        IConsumer<ReleaseHold>,
        IConsumer<ProveMaterialCopy>,
        IConsumer<MaterialCopyRejected>
{
    public Task Consume(ConsumeContext<MaterialCopyRejected> context)
    {
        worker.Rejected.Enqueue(context.Message);
        return Task.CompletedTask;
    }

    public async Task Consume(ConsumeContext<PlanMaterialCopy> context)
    {
        worker.Plans.Enqueue(context.Message);
        await context.Publish(await worker.PlanAsync(context.Message, context.CancellationToken));
    }

    public async Task Consume(ConsumeContext<CopyChannelData> context)
    {
        worker.Slices.Enqueue(context.Message);
        if (worker.Answer(context.Message) is { } answer)
            await context.Publish(answer);
    }

    public async Task Consume(ConsumeContext<ProveMaterialCopy> context)
    {
        worker.Proofs.Enqueue(context.Message);
        if (await worker.ProveAsync(context.Message, context.CancellationToken) is { } answer)
            await context.Publish(answer);
    }

    public Task Consume(ConsumeContext<ReleaseHold> context)
    {
        worker.Releases.Enqueue(context.Message);
        return Task.CompletedTask;
    }
}
