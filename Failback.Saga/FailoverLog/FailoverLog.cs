using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Failback.Saga;

/// <summary>The failover log as the controller and the workers feed it: a message may come twice, late, or before its forerunner.</summary>
internal sealed partial class FailoverLog(IFailbackStore store, TimeProvider time, ILogger<FailoverLog> logger)
    : IConsumer<FailoverStarted>,
        IConsumer<FailoverCompleted>,
        IConsumer<HoldChanged>,
        IConsumer<ReportChangesSince>
{
    private const int MostChanges = 1_000;

    public async Task Consume(ConsumeContext<FailoverStarted> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        if (await store.EntryAsync(told.EntryId, token) is { } known)
        {
            if (known.FailedRecorderId != told.FailedRecorderId)
                LogOtherRecorder(logger, told.EntryId, known.FailedRecorderId, told.FailedRecorderId);
            return;
        }
        var entry = FailoverEntries.Started(
            told,
            await store.RecorderAsync(told.FailedRecorderId, token),
            Now(told.EntryId, told.StartedAt)
        );
        await store.ApplyAsync([new Save(entry), FailoverEntries.Told(SystemChangeKind.FailoverStarted, entry)], token);
    }

    /// <summary>Roles change (D2), and the period is held from now on with an open end (D5).</summary>
    public async Task Consume(ConsumeContext<FailoverCompleted> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        var known = await store.EntryAsync(told.EntryId, token);
        if (known is not null && known.FailedRecorderId != told.FailedRecorderId)
            LogOtherRecorder(logger, told.EntryId, known.FailedRecorderId, told.FailedRecorderId);
        else if (known is null or { Failover: FailoverStatus.Running })
            await store.ApplyAsync(
                FailoverEntries.Completed(
                    known,
                    told,
                    await store.EntriesOfAsync(told.FailedRecorderId, token),
                    await store.RecorderAsync(told.FailedRecorderId, token),
                    await store.RecorderAsync(told.FailoverServerId, token),
                    Now(told.EntryId, told.CompletedAt)
                ),
                token
            );
    }

    private DateTime Now(Guid entryId, DateTimeOffset happened)
    {
        var now = time.GetUtcNow().ToRow();
        if (FailoverEntries.Ahead(happened, now) is { Ticks: > 0 } ahead)
            LogAhead(logger, entryId, happened, ahead);
        return now;
    }

    /// <summary>Whether the failover server holds the period (D5); a failure is asked again by the reconciler.</summary>
    public async Task Consume(ConsumeContext<HoldChanged> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        if (await store.EntryAsync(told.HoldId, token) is not { } entry)
            return;
        if (told.Failure is { } failure)
            LogNotAsAsked(logger, entry.EntryId, entry.FailoverServerId, entry.Hold, failure);
        var after = FailoverEntries.Hold(entry, told);
        if (after != entry)
            await store.ApplyAsync([new Save(after)], token);
    }

    /// <summary>D19: changes after a number are published again under their numbers; a subscriber drops those it knows.</summary>
    public async Task Consume(ConsumeContext<ReportChangesSince> context)
    {
        var cause = context.MessageId!.Value;
        var changes = await store.ChangesSinceAsync(Math.Max(0, context.Message.Number), MostChanges, context.CancellationToken);
        await store.ApplyAsync(
            changes.Select(x => new Publish(x.ToMessage(), DerivedId.Of("reported again", x.Number, cause))),
            context.CancellationToken
        );
    }

    [LoggerMessage(1030, LogLevel.Warning, "Entry {EntryId} is of {Known}; what was said of it for {Told} was ignored")]
    private static partial void LogOtherRecorder(ILogger logger, Guid entryId, string known, string told);

    [LoggerMessage(
        1032,
        LogLevel.Warning,
        "The failover of entry {EntryId} is told as of {Happened}, {Ahead} after now: it is taken as that much earlier; look at the clock of the controller"
    )]
    private static partial void LogAhead(ILogger logger, Guid entryId, DateTimeOffset happened, TimeSpan ahead);

    [LoggerMessage(
        1031,
        LogLevel.Warning,
        "The hold of entry {EntryId} on {FailoverServerId} is not as asked ({Hold}): {Failure}; it is asked again"
    )]
    private static partial void LogNotAsAsked(ILogger logger, Guid entryId, string failoverServerId, HoldStatus hold, CopyFailure failure);
}
