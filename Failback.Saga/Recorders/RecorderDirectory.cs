using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Failback.Saga;

/// <summary>
/// What the controller says of its recorders, licence and maintenance mode, kept as rows. Roles are ours (D2): none of these messages changes
/// one. What may let a failback start makes the waiting entries be looked at again (D11).
/// </summary>
internal sealed partial class RecorderDirectory(IFailbackStore store, ILogger<RecorderDirectory> logger)
    : IConsumer<RecorderConfigured>,
        IConsumer<RecorderSnapshot>,
        IConsumer<RecorderReconnected>,
        IConsumer<RecorderDisconnected>,
        IConsumer<MaintenanceModeChanged>,
        IConsumer<LicenceChanged>
{
    /// <summary>Open entries looked at when something that concerns all of them changes; the sweep finds the others (D11).</summary>
    private const int MostEntries = 1_000;

    public async Task Consume(ConsumeContext<RecorderConfigured> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        var known = await store.RecorderAsync(told.RecorderId, token);
        var after = DirectoryChanges.Configured(known, told, await FirstRoleAsync(known, told, token));
        await SaveAsync(known, after, token);
        if (after is { AutomaticFailback: true } && known is not { AutomaticFailback: true })
            await LookAgainAsync(told.RecorderId, Cause(context), token);
    }

    /// <summary>The whole state, repeated: what was lost before admission heals here.</summary>
    public async Task Consume(ConsumeContext<RecorderSnapshot> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        var known = await store.RecorderAsync(told.Configuration.RecorderId, token);
        var after = DirectoryChanges.Configured(known, told.Configuration, await FirstRoleAsync(known, told.Configuration, token));
        after = DirectoryChanges.Connection(after, told.Connected, told.ConnectionChangedAt);
        after = DirectoryChanges.InMaintenance(after, told.MaintenanceMode, told.MaintenanceVersion);
        await FailoversAsync(told, Cause(context), token);
        if (!await SaveAsync(known, after, token))
            return;
        if (after.Connected && known is not { Connected: true })
            await store.ApplyAsync(ReadSettings(after, Cause(context)), token);
        await LookAgainAsync(after.RecorderId, Cause(context), token);
    }

    /// <summary>A failover whose message was lost on the way is told again: without it nobody would copy its footage (I24).</summary>
    private async Task FailoversAsync(RecorderSnapshot told, Guid cause, CancellationToken token)
    {
        foreach (var failover in told.Failovers ?? [])
            if (await store.EntryAsync(failover.EntryId, token) is null or { Failover: FailoverStatus.Running })
                await store.ApplyAsync([new Publish(failover, DerivedId.Of("failover told again", failover.EntryId, cause))], token);
    }

    /// <summary>The failback process hears it too (R21); here it is remembered, and the settings are read (D15).</summary>
    public Task Consume(ConsumeContext<RecorderReconnected> context) =>
        ConnectionAsync(context, context.Message.RecorderId, connected: true, context.Message.At);

    public Task Consume(ConsumeContext<RecorderDisconnected> context) =>
        ConnectionAsync(context, context.Message.RecorderId, connected: false, context.Message.At);

    public async Task Consume(ConsumeContext<MaintenanceModeChanged> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        var changed = told.RecorderId is { } id ? await OfRecorderAsync(id, told, token) : await OfSystemAsync(told, token);
        if (changed && !told.On)
            await LookAgainAsync(told.RecorderId, Cause(context), token);
    }

    public async Task Consume(ConsumeContext<LicenceChanged> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        var licence = await store.LicenceAsync(token);
        if (told.Version <= licence.LicenceVersion)
            return;
        var after = licence with { FailoverEnabled = told.FailoverEnabled, LicenceVersion = told.Version };
        await store.ApplyAsync([new Save(after), new Tell(SystemChangeKind.LicenceChanged)], token);
        if (told.FailoverEnabled)
            await LookAgainAsync(null, Cause(context), token);
    }

    private async Task<RecorderRole> FirstRoleAsync(Recorder? known, RecorderConfigured told, CancellationToken token) =>
        known?.Role
        ?? DirectoryChanges.FirstRole(
            await store.EntriesOfAsync(told.RecorderId, token),
            await store.EntriesUsingAsync(told.RecorderId, token),
            told
        );

    private async Task<bool> SaveAsync(Recorder? known, Recorder after, CancellationToken token)
    {
        if (after == known)
            return false;
        await store.ApplyAsync([new Save(after), new Tell(SystemChangeKind.RecorderChanged, null, null, after.RecorderId)], token);
        return true;
    }

    private async Task ConnectionAsync(ConsumeContext context, string recorderId, bool connected, DateTimeOffset at)
    {
        var token = context.CancellationToken;
        if (await store.RecorderAsync(recorderId, token) is not { } known)
        {
            LogUnknown(logger, recorderId);
            return;
        }
        var after = DirectoryChanges.Connection(known, connected, at);
        if (await SaveAsync(known, after, token) && connected)
            await store.ApplyAsync(ReadSettings(after, Cause(context)), token);
    }

    private async Task<bool> OfRecorderAsync(string recorderId, MaintenanceModeChanged told, CancellationToken token)
    {
        if (await store.RecorderAsync(recorderId, token) is not { } known)
        {
            LogUnknown(logger, recorderId);
            return false;
        }
        var after = DirectoryChanges.InMaintenance(known, told.On, told.Version);
        if (after == known)
            return false;
        await store.ApplyAsync([new Save(after), new Tell(SystemChangeKind.MaintenanceChanged, null, null, recorderId)], token);
        return true;
    }

    private async Task<bool> OfSystemAsync(MaintenanceModeChanged told, CancellationToken token)
    {
        var known = await store.MaintenanceAsync(token);
        if (told.Version <= known.MaintenanceVersion)
            return false;
        var after = known with { On = told.On, MaintenanceVersion = told.Version };
        await store.ApplyAsync([new Save(after), new Tell(SystemChangeKind.MaintenanceChanged)], token);
        return true;
    }

    /// <summary>D15: the cache is filled from the recorder itself; what a broken one has is not what anybody wants (D16).</summary>
    private static IEnumerable<Effect> ReadSettings(Recorder recorder, Guid cause)
    {
        if (recorder.Role == RecorderRole.Broken)
            yield break;
        var request = DerivedId.Of("read settings", recorder.RecorderId, cause);
        yield return new Publish(new ReadRecorderSettings { RequestId = request, Recorder = recorder.ToAddress() }, request);
    }

    private async Task LookAgainAsync(string? recorderId, Guid cause, CancellationToken token)
    {
        var open = recorderId is null ? await store.OpenEntriesAsync(MostEntries, token) : await store.EntriesOfAsync(recorderId, token);
        var waiting = open.Where(x => x.AllowsFailback).Select(x => x.FailedRecorderId).Distinct();
        await store.ApplyAsync(waiting.Select(x => FailbackReconciliation.LookAgain(x, cause)), token);
    }

    private static Guid Cause(ConsumeContext context) =>
        context.MessageId ?? throw new InvalidOperationException("A message without MessageId cannot be handled once.");

    [LoggerMessage(
        1020,
        LogLevel.Warning,
        "{RecorderId} is not in the directory: what was said of it waits for its configuration or snapshot"
    )]
    private static partial void LogUnknown(ILogger logger, string recorderId);
}
