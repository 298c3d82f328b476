using Failback.Messages;
using MassTransit;

namespace Failback.Saga;

/// <summary>
/// What the controller says of its recorders, licence and maintenance mode: kept as rows, the newest version wins, an older or repeated one changes
/// nothing. Roles are ours (D2): none of these messages changes one.
/// </summary>
internal sealed class RecorderDirectory(IFailbackStore store, TimeProvider time)
    : IConsumer<RecorderConfigured>,
        IConsumer<RecorderSnapshot>,
        IConsumer<RecorderReconnected>,
        IConsumer<RecorderDisconnected>,
        IConsumer<MaintenanceModeChanged>,
        IConsumer<LicenceChanged>
{
    /// <summary>Recorders looked at for waiting entries when something that concerns all of them changes.</summary>
    private const int MostEntries = 1_000;

    public async Task Consume(ConsumeContext<RecorderConfigured> context)
    {
        var known = await store.RecorderAsync(context.Message.RecorderId, context.CancellationToken);
        var after = Configured(known, context.Message);
        if (after != known)
            await store.ApplyAsync([new Save(after), Changed(after)], context.CancellationToken);
    }

    /// <summary>The whole state, repeated: what was lost before admission heals here.</summary>
    public async Task Consume(ConsumeContext<RecorderSnapshot> context)
    {
        var (snapshot, token) = (context.Message, context.CancellationToken);
        var known = await store.RecorderAsync(snapshot.Configuration.RecorderId, token);
        var after = Configured(known, snapshot.Configuration);
        var at = snapshot.ConnectionChangedAt.ToRow();
        var connects = known is { Connected: false } or null && snapshot.Connected && at >= after.ConnectionChangedAt;
        if (at >= after.ConnectionChangedAt)
            after = after with { Connected = snapshot.Connected, ConnectionChangedAt = at };
        if (snapshot.MaintenanceVersion > after.MaintenanceVersion)
            after = after with { MaintenanceMode = snapshot.MaintenanceMode, MaintenanceVersion = snapshot.MaintenanceVersion };
        if (after == known)
            return;
        await store.ApplyAsync([new Save(after), Changed(after)], token);
        if (connects)
            await store.ApplyAsync([.. Settings(after, Cause(context)), DueAgain(after.RecorderId, Cause(context))], token);
    }

    public Task Consume(ConsumeContext<RecorderReconnected> context) =>
        ConnectionAsync(context, context.Message.RecorderId, connected: true, context.Message.At);

    public Task Consume(ConsumeContext<RecorderDisconnected> context) =>
        ConnectionAsync(context, context.Message.RecorderId, connected: false, context.Message.At);

    /// <summary>D11: when maintenance ends, waiting entries are looked at again.</summary>
    public async Task Consume(ConsumeContext<MaintenanceModeChanged> context)
    {
        var (change, token) = (context.Message, context.CancellationToken);
        if (change.RecorderId is { } id)
        {
            if (await store.RecorderAsync(id, token) is not { } recorder || change.Version <= recorder.MaintenanceVersion)
                return;
            await store.ApplyAsync(
                [
                    new Save(recorder with { MaintenanceMode = change.On, MaintenanceVersion = change.Version }),
                    new Tell(SystemChangeKind.MaintenanceChanged, null, null, id),
                ],
                token
            );
        }
        else
        {
            var maintenance = await store.MaintenanceAsync(token);
            if (change.Version <= maintenance.MaintenanceVersion)
                return;
            await store.ApplyAsync(
                [
                    new Save(maintenance with { On = change.On, MaintenanceVersion = change.Version }),
                    new Tell(SystemChangeKind.MaintenanceChanged),
                ],
                token
            );
        }
        if (!change.On)
            await LookAgainAsync(change.RecorderId, Cause(context), token);
    }

    public async Task Consume(ConsumeContext<LicenceChanged> context)
    {
        var (change, token) = (context.Message, context.CancellationToken);
        var licence = await store.LicenceAsync(token);
        if (change.Version <= licence.LicenceVersion)
            return;
        await store.ApplyAsync(
            [
                new Save(licence with { FailoverEnabled = change.FailoverEnabled, LicenceVersion = change.Version }),
                new Tell(SystemChangeKind.LicenceChanged),
            ],
            token
        );
        if (change.FailoverEnabled)
            await LookAgainAsync(null, Cause(context), token);
    }

    /// <summary>A recorder as configured; unchanged when the message is older than what is known.</summary>
    internal static Recorder Configured(Recorder? known, RecorderConfigured told)
    {
        if (known is not null && told.Version <= known.ConfigurationVersion)
            return known;
        var after =
            known
            ?? new Recorder
            {
                RecorderId = told.RecorderId,
                Name = told.Name,
                Address = told.Address,
                AddressVersion = told.AddressVersion,
                Role = told.FailoverServer ? RecorderRole.FailoverServer : RecorderRole.Recorder,
            };
        var newAddress = told.AddressVersion >= after.AddressVersion;
        return after with
        {
            Name = told.Name,
            Address = newAddress ? told.Address : after.Address,
            AddressVersion = newAddress ? told.AddressVersion : after.AddressVersion,
            ConfigurationVersion = told.Version,
            FailoverEnabled = told.FailoverEnabled,
            AutomaticFailback = told.AutomaticFailback,
            AutomaticMaterialCopy = told.AutomaticMaterialCopy,
        };
    }

    private async Task ConnectionAsync(ConsumeContext context, string recorderId, bool connected, DateTimeOffset at)
    {
        var token = context.CancellationToken;
        if (await store.RecorderAsync(recorderId, token) is not { } recorder || at.ToRow() <= recorder.ConnectionChangedAt)
            return;
        var after = recorder with { Connected = connected, ConnectionChangedAt = at.ToRow() };
        await store.ApplyAsync([new Save(after), Changed(after)], token);
        if (connected)
            await store.ApplyAsync(Settings(after, Cause(context)), token);
    }

    /// <summary>D15: a connected recorder's settings are read into the cache; a broken one's are not what anybody wants (D16).</summary>
    private static IEnumerable<Effect> Settings(Recorder recorder, Guid cause)
    {
        if (recorder.Role != RecorderRole.Broken)
            yield return new Publish(
                new ReadRecorderSettings { RequestId = cause, Recorder = recorder.ToAddress() },
                DerivedId.Of("read settings", recorder.RecorderId, cause)
            );
    }

    private async Task LookAgainAsync(string? recorderId, Guid cause, CancellationToken token)
    {
        var waiting = (await store.OpenEntriesAsync(MostEntries, token))
            .Where(x => x.AllowsFailback)
            .Select(x => x.FailedRecorderId)
            .Distinct();
        await store.ApplyAsync(waiting.Where(x => recorderId is null || x == recorderId).Select(x => DueAgain(x, cause)), token);
    }

    private static Publish DueAgain(string recorderId, Guid cause) =>
        new(new FailbackDue { FailedRecorderId = recorderId }, DerivedId.Of("look again", recorderId, cause));

    private static Tell Changed(Recorder recorder) => new(SystemChangeKind.RecorderChanged, null, null, recorder.RecorderId);

    private Guid Cause(ConsumeContext context) => context.MessageId ?? DerivedId.Of("no message id", time.GetUtcNow().ToRow());
}
