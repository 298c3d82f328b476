using System.Text.Json;
using Failback.Hosting;
using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>Reports on what came home: has workers make them, signs what they made, and keeps the newest of each entry (ADR 0025).</summary>
internal sealed partial class Reports(
    IFailbackStore store,
    IDocuments documents,
    ReportKey key,
    IOptionsMonitor<CopyOptions> options,
    TimeProvider time,
    ILogger<Reports> logger
) : IConsumer<ReportDue>, IConsumer<MaterialCopyProved>
{
    /// <summary>A worker is asked, under what the rows say now.</summary>
    public async Task Consume(ConsumeContext<ReportDue> context)
    {
        var (due, token) = (context.Message, context.CancellationToken);
        if (await store.ReportAsync(due.ReportId, token) is not { Status: ProofStatus.Asked } proof || proof.Tries != due.Tries)
            return;
        var facts = await FactsAsync(proof, context.MessageId, token);
        var counted = JsonSerializer.SerializeToUtf8Bytes(CopyProofs.Counted(facts.Channels), JsonSerializerOptions.Web);
        var ofEntry = await store.ReportsOfAsync(proof.EntryId, token);
        await ApplyAsync(CopyProofs.Ask(proof, await documents.PutAsync(counted, token), ofEntry, facts), token);
    }

    /// <summary>What a worker made is signed as it is; what nobody asked for, or has already, changes nothing.</summary>
    public async Task Consume(ConsumeContext<MaterialCopyProved> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        if (await store.ReportAsync(told.ReportId, token) is not { } proof || told.MaterialCopyId != proof.MaterialCopyId)
            return;
        // One that was given up is made all the same by a worker that was away for hours.
        if (proof.Status != ProofStatus.Asked && (proof.Status != ProofStatus.NotMade || told.Report is null))
            return;
        (string Signature, string PublicKey)? signed = null;
        if (told.Report is { } report)
        {
            if (await documents.GetAsync(report, token) is { } bytes && bytes.Length == report.Length)
                signed = key.Sign(bytes.Span);
            else if (proof.Status == ProofStatus.Asked)
                told = told with { Report = null, Detail = "the report is missing or damaged in the document port" };
            else
                return;
        }
        // The entries before the reports: what is releasing by then has its report among them.
        var facts = await FactsAsync(proof, context.MessageId, token);
        var ofEntry = await store.ReportsOfAsync(proof.EntryId, token);
        await ApplyAsync(CopyProofs.Answered(proof, told, signed, ofEntry, facts), token);
    }

    private Task ApplyAsync(IReadOnlyList<Effect> effects, CancellationToken token)
    {
        var now = effects.OfType<Save>().Select(x => x.Row).OfType<CopyProof>().Single();
        if (CopyProofs.Doubts(now) == true)
            LogDoubted(logger, now.EntryId, now.Failure);
        if (now.Status == ProofStatus.NotMade)
            LogNotMade(logger, now.EntryId, now.Tries, now.Failure, now.Detail);
        else if (now.Status == ProofStatus.Made)
            LogMade(logger, now.EntryId, now.Whole, now.Signature is not null);
        return store.ApplyAsync(effects, token);
    }

    private async Task<CopyFacts> FactsAsync(CopyProof proof, Guid? cause, CancellationToken token)
    {
        var entry = await store.EntryAsync(proof.EntryId, token);
        var inherited = await store.InheritedByAsync(proof.EntryId, token);
        var entries = entry is null ? inherited : inherited.Prepend(entry);
        var recorders = new Dictionary<string, Recorder>();
        foreach (var id in entries.Select(x => x.FailoverServerId).Append(proof.RecorderId).Distinct())
            if (await store.RecorderAsync(id, token) is { } recorder)
                recorders.Add(id, recorder);
        return new CopyFacts
        {
            Now = time.GetUtcNow().ToRow(),
            Options = options.CurrentValue,
            Cause = cause ?? throw new InvalidOperationException("A message without MessageId cannot be handled once."),
            Entry = entry,
            Inherited = inherited,
            Recorders = recorders,
            Channels = await store.ChannelCopiesAsync(proof.MaterialCopyId, token),
        };
    }

    [LoggerMessage(1220, LogLevel.Information, "The report of entry {EntryId} is made; whole: {Whole}, signed: {Signed}")]
    private static partial void LogMade(ILogger logger, Guid entryId, bool whole, bool signed);

    [LoggerMessage(
        1225,
        LogLevel.Warning,
        "The report of entry {EntryId} does not say that everything is home ({Failure}): its holds stay"
    )]
    private static partial void LogDoubted(ILogger logger, Guid entryId, CopyFailure? failure);

    [LoggerMessage(1221, LogLevel.Warning, "The report of entry {EntryId} was given up after {Tries} tries: {Failure} {Detail}")]
    private static partial void LogNotMade(ILogger logger, Guid entryId, int tries, CopyFailure? failure, string? detail);
}
