using Failback.Hosting;
using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Failback.Saga;

/// <summary>The last good settings of each recorder (R11, D15): the newest wins, and a damaged or missing document changes nothing (E8).</summary>
internal sealed partial class SettingsCache(IFailbackStore store, IDocuments documents, ILogger<SettingsCache> logger)
    : IConsumer<RecorderSettingsCached>,
        IConsumer<RecorderSettingsRead>
{
    /// <summary>A document that the controller uploaded.</summary>
    public async Task Consume(ConsumeContext<RecorderSettingsCached> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        var known = await store.SettingsAsync(told.RecorderId, token);
        if (known is not null && told.Version <= known.SettingsVersion || !await IsGoodAsync(told.RecorderId, told.Settings, token))
            return;
        var at = context.SentTime is { } sent
            ? new DateTimeOffset(DateTime.SpecifyKind(sent, DateTimeKind.Utc)).ToRow()
            : known?.CachedAt ?? default;
        await SaveAsync(known, told.RecorderId, told.Settings, at, told.Version, token);
    }

    /// <summary>What a worker read from the recorder itself.</summary>
    public async Task Consume(ConsumeContext<RecorderSettingsRead> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        if (told.Settings is not { } settings)
            return;
        var known = await store.SettingsAsync(told.RecorderId, token);
        if (known is not null && told.ReadAt.ToRow() <= known.CachedAt || !await IsGoodAsync(told.RecorderId, settings, token))
            return;
        await SaveAsync(known, told.RecorderId, settings, told.ReadAt.ToRow(), known?.SettingsVersion ?? 0, token);
    }

    private async Task<bool> IsGoodAsync(string recorderId, DocumentReference settings, CancellationToken token)
    {
        if (await documents.GetAsync(settings, token) is { } bytes && bytes.Length == settings.Length)
            return true;
        LogDamaged(logger, recorderId, settings.Digest);
        return false;
    }

    private Task SaveAsync(
        CachedSettings? known,
        string recorderId,
        DocumentReference settings,
        DateTime at,
        long version,
        CancellationToken token
    ) =>
        store.ApplyAsync(
            [
                new Save(
                    new CachedSettings
                    {
                        RecorderId = recorderId,
                        Digest = settings.Digest,
                        Length = settings.Length,
                        CachedAt = at,
                        SettingsVersion = version,
                        Version = known?.Version ?? 0,
                    }
                ),
            ],
            token
        );

    [LoggerMessage(
        1010,
        LogLevel.Warning,
        "The settings {Digest} of {Recorder} are missing or damaged in the document port; the last good ones stay"
    )]
    private static partial void LogDamaged(ILogger logger, string recorder, string digest);
}
