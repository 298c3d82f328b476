using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Failback.Recorders;

/// <summary>
/// A real recorder in a folder: material in packs with an index, settings, role, attempts, holds and channels. Everything answered is
/// durable. One process at a time; any number of callers.
/// </summary>
public sealed partial class ReferenceRecorder : IRecorder, IDisposable
{
    private readonly Lock gate = new();

    /// <summary>A hold that is answered protects: none is placed between retention's look at them and its end.</summary>
    private readonly Lock holding = new();
    private readonly ReferenceRecorderOptions options;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly string folder;
    private readonly FileStream ownership;
    private readonly Disk disk = new();
    private readonly ItemStore store;
    private readonly ChannelTable channels;
    private readonly RecentWrites writes;
    private long dropped;
    private RecorderState state;

    /// <summary>Opens the recorder in a folder, or makes it; recovers from whatever the last process left.</summary>
    /// <exception cref="InvalidOperationException">Another process has the folder, or the folder is another recorder's.</exception>
    /// <exception cref="RecorderException">BadRequest: an option is out of bounds.</exception>
    public ReferenceRecorder(string folder, ReferenceRecorderOptions options, TimeProvider clock, ILogger<ReferenceRecorder>? logger = null)
    {
        Rules.Require(Rules.WhyWrongRecorderId(options.RecorderId) is { } wrong ? $"recorderId: {wrong}" : null);
        Rules.Require(options.Fetching is { AllowedNetworks.Count: 0 } ? "fetching.allowedNetworks: at least one" : null);
        (this.options, this.clock, this.logger) = (options, clock, (ILogger?)logger ?? NullLogger.Instance);
        this.folder = Path.GetFullPath(folder);
        Directory.CreateDirectory(this.folder);
        (tickets, writes) = (new ReadTickets(clock), new RecentWrites(clock));
        ownership = Own(this.folder);
        try
        {
            state = LoadState();
            disk.KeepReserve(Path.Combine(this.folder, "reserve"));
            channels = new ChannelTable(Path.Combine(this.folder, "channels.json"), disk);
            store = new ItemStore(this.folder, disk, clock);
        }
        catch
        {
            ownership.Dispose();
            throw;
        }
        others = options.Fetching is { } fetching ? new RecorderRegistry(fetching, clock) : null;
        if (store.Lost > 0)
            LogLost(this.logger, store.Lost, options.RecorderId);
    }

    /// <summary>Items that the index named at the start but that were not whole on disk: they count as missing.</summary>
    public int LostAtStart => store.Lost;

    internal string RecorderId => options.RecorderId;

    internal Disk Disk => disk;

    public Task<RecorderStatus> GetStatusAsync(CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        return Task.FromResult(Status());
    }

    public async Task<RecorderSettings?> GetSettingsAsync(CancellationToken token)
    {
        for (; ; )
        {
            var digest = Current.SettingsDigest;
            if (digest is null)
                return null;
            try
            {
                return new RecorderSettings(await File.ReadAllBytesAsync(SettingsPath(digest), token));
            }
            catch (FileNotFoundException) when (Current.SettingsDigest != digest)
            {
                // Replaced between the two looks: look again.
            }
        }
    }

    public Task<string> PutSettingsAsync(RecorderSettings settings, RestoreAttempt attempt, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        Rules.Require(settings.Bytes.Length <= Limits.SettingsBytes ? null : $"settings: at most {Limits.SettingsBytes} bytes");
        var document = SettingsDocument.Read(settings.Bytes);
        Rules.Require(document is null ? "settings: JSON with format and softwareVersion" : null);
        lock (gate)
        {
            See(attempt, restore: true);
            if (document!.WhyIncompatible(Status()) is { } lacking)
                throw Refused(RecorderFault.Incompatible, lacking);
            StoreSettings(settings);
        }
        return Task.FromResult(settings.Digest);
    }

    public Task ActivateAsync(RestoreAttempt attempt, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        lock (gate)
        {
            See(attempt, restore: true);
            if (state.SettingsDigest is null)
                throw Refused(RecorderFault.WrongRole, "it has no settings to record with");
            Become(state.Activated(attempt));
        }
        return Task.CompletedTask;
    }

    public Task ReleaseAsync(RestoreAttempt attempt, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        lock (gate)
        {
            if (state.StandsInForOther(attempt))
                throw Refused(RecorderFault.StaleAttempt, "it stands in for another failover by now");
            See(attempt);
            Become(state.Released(attempt) with { SettingsDigest = null });
            RemoveOtherSettings();
        }
        return Task.CompletedTask;
    }

    public Task HoldAsync(Hold hold, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        Rules.Require(Rules.WhyWrong(hold));
        lock (holding)
            lock (gate)
            {
                var after = state.With(hold);
                Rules.Require(after.Holds.Count <= Limits.Holds ? null : $"hold: at most {Limits.Holds}");
                if (!state.Holds.Contains(hold))
                    Become(after);
            }
        return Task.CompletedTask;
    }

    public Task ReleaseHoldAsync(Guid holdId, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        lock (gate)
            if (state.Holds.Any(x => x.HoldId == holdId))
                Become(state.Without(holdId));
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<Hold>> ListHoldsAsync(CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        return Task.FromResult(Current.Holds);
    }

    /// <summary>Puts it out of work, or into another role without an attempt: what failover and repair do, for tests and the demo.</summary>
    public void SetRole(LiveRole role, bool recording)
    {
        lock (gate)
            Become(state with { Role = role, Recording = recording && role == LiveRole.Recorder, ActiveFor = null });
    }

    /// <summary>Live frames that could not be recorded: what a recorder that is too busy says of itself.</summary>
    public void Drop(int frames) => Interlocked.Add(ref dropped, frames);

    public void Dispose()
    {
        others?.Dispose();
        store.Dispose();
        ownership.Dispose();
    }

    /// <summary>Stores settings unchecked, as a recorder does that fails halfway.</summary>
    internal void ForceSettings(ReadOnlyMemory<byte> bytes)
    {
        lock (gate)
            StoreSettings(new RecorderSettings(bytes));
    }

    private RecorderState Current
    {
        get
        {
            lock (gate)
                return state;
        }
    }

    private RecorderStatus Status()
    {
        var now = Current;
        return new RecorderStatus
        {
            RecorderId = options.RecorderId,
            Name = options.Name ?? options.RecorderId,
            Role = now.Role,
            Recording = now.Recording,
            Time = clock.GetUtcNow(),
            Version = options.Version,
            SettingsFormat = options.SettingsFormat,
            Storages = options.Storages,
            Drivers = options.Drivers,
            Features =
                RecorderFeatures.BucketDigests
                | RecorderFeatures.Holds
                | RecorderFeatures.Provenance
                | RecorderFeatures.Tickets
                | (others is null ? RecorderFeatures.None : RecorderFeatures.CopyFrom),
            LastAttempt = now.LastAttempt,
            FreeBytes = new DriveInfo(folder).AvailableFreeSpace,
            WriteSeconds = writes.Slowest.TotalSeconds,
            Dropped = Interlocked.Read(ref dropped),
        };
    }

    /// <summary>Refuses an attempt older than one seen, and remembers it durably before anything is done for it.</summary>
    private void See(RestoreAttempt attempt, bool restore = false)
    {
        Rules.Require(Rules.WhyWrong(attempt));
        if (restore ? state.IsOver(attempt) : state.HasNewer(attempt))
            throw Refused(RecorderFault.StaleAttempt, "the attempt is over");
        if (state.LastAttempt != attempt)
            Become(state.With(attempt));
    }

    private void Become(RecorderState next)
    {
        if (next == state)
            return;
        var bytes = next.ToBytes();
        // A hold has to be let go of also when the disk is full; nothing else may spend the reserve.
        if (next.Holds.Count < state.Holds.Count)
            disk.Freeing(() => disk.Replace(StatePath, bytes));
        else
            disk.Replace(StatePath, bytes);
        state = next;
    }

    private void StoreSettings(RecorderSettings settings)
    {
        if (state.SettingsDigest == settings.Digest)
            return;
        disk.Replace(SettingsPath(settings.Digest), settings.Bytes.Span);
        Become(state with { SettingsDigest = settings.Digest });
        RemoveOtherSettings();
    }

    private void RemoveOtherSettings()
    {
        foreach (var path in Directory.EnumerateFiles(folder, "settings-*"))
            if (state.SettingsDigest is null || path != SettingsPath(state.SettingsDigest))
                File.Delete(path);
    }

    private string StatePath => Path.Combine(folder, "state.json");

    private string SettingsPath(string digest) => Path.Combine(folder, $"settings-{digest}");

    private RecorderException Refused(RecorderFault fault, string why) => new(fault, $"{options.RecorderId}: {why}");

    [LoggerMessage(3001, LogLevel.Warning, "{Count} items of recorder {RecorderId} are not whole on disk and count as missing")]
    private static partial void LogLost(ILogger logger, int count, string recorderId);

    [LoggerMessage(3002, LogLevel.Warning, "An item of recorder {RecorderId}, {Kind} starting {Start}, is damaged on disk")]
    private static partial void LogDamaged(ILogger logger, string recorderId, TrackKind kind, DateTimeOffset start);

    [LoggerMessage(3003, LogLevel.Information, "Retention removed {Count} items of recorder {RecorderId}")]
    private static partial void LogRemoved(ILogger logger, int count, string recorderId);
}
