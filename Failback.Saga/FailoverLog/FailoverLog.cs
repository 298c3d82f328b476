using Failback.Messages;
using MassTransit;

namespace Failback.Saga;

/// <summary>The failover log fed by the controller and by workers: idempotent, so a message may come twice, late, or before its forerunner.</summary>
internal sealed class FailoverLog(IFailbackStore store)
    : IConsumer<FailoverStarted>,
        IConsumer<FailoverCompleted>,
        IConsumer<HoldChanged>,
        IConsumer<ReportChangesSince>
{
    private const int MostChanges = 1_000;

    public async Task Consume(ConsumeContext<FailoverStarted> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        if (await store.EntryAsync(told.EntryId, token) is not null)
            return;
        var entry = new FailoverLogEntry
        {
            EntryId = told.EntryId,
            FailedRecorderId = told.FailedRecorderId,
            FailoverServerId = told.FailoverServerId,
            FailoverStartedAt = told.StartedAt.ToRow(),
            Failover = FailoverStatus.Running,
        };
        await store.ApplyAsync([new Save(entry), Told(SystemChangeKind.FailoverStarted, entry)], token);
    }

    /// <summary>D2: roles change here. D5: the period is held from now on, with an open end.</summary>
    public async Task Consume(ConsumeContext<FailoverCompleted> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        var known = await store.EntryAsync(told.EntryId, token);
        if (known is { Failover: not FailoverStatus.Running })
            return;
        var server = await store.RecorderAsync(told.FailoverServerId, token);
        var entry = (
            known
            ?? new FailoverLogEntry
            {
                EntryId = told.EntryId,
                FailedRecorderId = told.FailedRecorderId,
                FailoverServerId = told.FailoverServerId,
                FailoverStartedAt = told.StartedAt.ToRow(),
                Failover = FailoverStatus.Running,
            }
        ) with
        {
            FailoverServerId = told.FailoverServerId,
            FailoverStartedAt = told.StartedAt.ToRow(),
            FailoverEndedAt = told.CompletedAt.ToRow(),
            Failover = told.Succeeded ? FailoverStatus.Succeeded : FailoverStatus.Failed,
            FailoverReason = told.Reason,
            Hold = told.Succeeded ? HoldStatus.Placing : HoldStatus.None,
        };
        var effects = new List<Effect> { new Save(entry), Told(SystemChangeKind.FailoverCompleted, entry) };
        if (told.Succeeded)
        {
            if (await store.RecorderAsync(told.FailedRecorderId, token) is { } failed)
                effects.Add(new Save(failed with { Role = RecorderRole.Broken }));
            if (server is not null)
            {
                effects.Add(new Save(server with { Role = RecorderRole.Recorder }));
                effects.Add(Hold(entry, server, DerivedId.Of("hold", entry.EntryId)));
            }
        }
        await store.ApplyAsync(effects, token);
    }

    public async Task Consume(ConsumeContext<HoldChanged> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        if (told.Failure is not null || await store.EntryAsync(told.HoldId, token) is not { } entry)
            return; // asked again by the reconciler
        var after = (entry.Hold, told.Held) switch
        {
            (HoldStatus.Placing, true) => HoldStatus.Held,
            (HoldStatus.Releasing, false) => HoldStatus.Released,
            _ => entry.Hold,
        };
        if (after != entry.Hold)
            await store.ApplyAsync([new Save(entry with { Hold = after })], token);
    }

    /// <summary>D19: changes after a number are told again under their numbers; a subscriber drops those it knows.</summary>
    public async Task Consume(ConsumeContext<ReportChangesSince> context)
    {
        var changes = await store.ChangesSinceAsync(Math.Max(0, context.Message.Number), MostChanges, context.CancellationToken);
        await store.ApplyAsync(
            changes.Select(x => new Publish(x.ToMessage(), DerivedId.Of("told again", x.Number, context.MessageId!))),
            context.CancellationToken
        );
    }

    public static Publish Hold(FailoverLogEntry entry, Recorder server, Guid messageId) =>
        new(
            new HoldPeriod
            {
                HoldId = entry.EntryId,
                FailoverServer = server.ToAddress(),
                OriginRecorderId = entry.FailedRecorderId,
                From = entry.FailoverStartedAt.ToWire(),
            },
            messageId
        );

    private static Tell Told(SystemChangeKind kind, FailoverLogEntry entry) =>
        new(kind, entry.EntryId, null, entry.FailedRecorderId, entry.FailoverServerId);
}
