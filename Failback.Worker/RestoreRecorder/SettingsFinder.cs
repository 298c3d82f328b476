using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;
using Microsoft.Extensions.Logging;

namespace Failback.Worker;

/// <summary>The settings to bring home: fresh from the failover server when it answers, else the cached document (R11, D4, D15).</summary>
internal sealed partial class SettingsFinder(IDocuments documents, ILogger<SettingsFinder> logger)
{
    /// <exception cref="NotRestoredException">NoRecorderSettings: neither is there and whole.</exception>
    public async Task<FoundSettings> FindAsync(RecorderLink failoverServer, DocumentReference? cached, CancellationToken token)
    {
        if (await FreshAsync(failoverServer, token) is { } fresh)
        {
            // Stored before anything is applied: what the entry names later can be looked up.
            var reference = await documents.PutAsync(fresh.Bytes, token);
            return new FoundSettings(fresh, reference, Fresh: true);
        }
        return await CachedAsync(cached, token);
    }

    /// <summary>The recorder's own settings; null when it has none, does not give them, or gives a damaged document.</summary>
    public async Task<RecorderSettings?> FreshAsync(RecorderLink recorder, CancellationToken token)
    {
        try
        {
            var settings = await recorder.AskAsync((x, y) => x.GetSettingsAsync(y), token);
            if (settings is null || settings.Bytes.Length > Limits.SettingsBytes || SettingsDocument.Read(settings.Bytes) is null)
            {
                LogNoFreshSettings(logger, null, recorder.Id);
                return null;
            }
            return settings;
        }
        catch (SideException fault)
        {
            LogNoFreshSettings(logger, fault, recorder.Id);
            return null;
        }
    }

    private async Task<FoundSettings> CachedAsync(DocumentReference? cached, CancellationToken token)
    {
        if (cached is null)
            throw new NotRestoredException(FailbackReason.NoRecorderSettings, "the failover server gives none and none are cached");
        if (await documents.GetAsync(cached, token) is not { } bytes)
            throw new NotRestoredException(FailbackReason.NoRecorderSettings, $"cached settings {cached.Digest} are missing or damaged");
        var settings = new RecorderSettings(bytes);
        if (settings.Digest != cached.Digest || bytes.Length != cached.Length || SettingsDocument.Read(bytes) is null)
            throw new NotRestoredException(FailbackReason.NoRecorderSettings, $"cached settings {cached.Digest} are damaged");
        return new FoundSettings(settings, cached, Fresh: false);
    }

    [LoggerMessage(2020, LogLevel.Warning, "{RecorderId} gives no usable settings; the cached ones are used")]
    private static partial void LogNoFreshSettings(ILogger logger, Exception? exception, string recorderId);
}
