using Failback.Hosting;
using Failback.Messages;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Failback.Saga;

/// <summary>The last good settings of each recorder (R11, D15): the newest wins; a missing or damaged document changes nothing (E8).</summary>
internal sealed partial class SettingsCache(IFailbackStore store, IDocuments documents, TimeProvider time, ILogger<SettingsCache> logger)
    : IConsumer<RecorderSettingsCached>,
        IConsumer<RecorderSettingsRead>
{
    /// <summary>A document that the controller uploaded.</summary>
    public async Task Consume(ConsumeContext<RecorderSettingsCached> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        var known = await store.SettingsAsync(told.RecorderId, token);
        if (told.Version > (known?.SettingsVersion ?? long.MinValue) && await IsGoodAsync(told.RecorderId, told.Settings, token))
            await SaveAsync(known, told.RecorderId, told.Settings, time.GetUtcNow().ToRow(), told.Version, token);
    }

    /// <summary>What a worker read from the recorder itself; the controller's version is kept, so that its older documents stay refused.</summary>
    public async Task Consume(ConsumeContext<RecorderSettingsRead> context)
    {
        var (told, token) = (context.Message, context.CancellationToken);
        if (told.Settings is not { } settings)
        {
            LogNotRead(logger, told.RecorderId, told.Reason);
            return;
        }
        var known = await store.SettingsAsync(told.RecorderId, token);
        if (told.ReadAt.ToRow() > (known?.CachedAt ?? DateTime.MinValue) && await IsGoodAsync(told.RecorderId, settings, token))
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
    )
    {
        var cached = new CachedSettings
        {
            RecorderId = recorderId,
            Digest = settings.Digest,
            Length = settings.Length,
            CachedAt = at,
            SettingsVersion = version,
            Version = known?.Version ?? 0,
        };
        return store.ApplyAsync([new Save(cached)], token);
    }

    [LoggerMessage(
        1040,
        LogLevel.Warning,
        "The settings {Digest} of {RecorderId} are missing or damaged in the document port; the last good ones stay"
    )]
    private static partial void LogDamaged(ILogger logger, string recorderId, string digest);

    [LoggerMessage(1041, LogLevel.Warning, "The settings of {RecorderId} could not be read ({Reason}); the last good ones stay")]
    private static partial void LogNotRead(ILogger logger, string recorderId, FailbackReason? reason);
}
