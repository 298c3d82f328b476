using System.Text;
using System.Text.Json.Nodes;
using Failback.Recorders;

namespace Failback.Host;

/// <summary>One recorder of the demo's site: a reference recorder behind its own HTTP server, which can die and return.</summary>
/// <param name="scale">Channels times this.</param>
/// <param name="phase">Milliseconds by which its items are offset: no two recorders cut segments at the same instant.</param>
internal sealed class SiteRecorder(string id, string name, bool failing, string folder, int scale, int phase, TimeProvider time)
    : IAsyncDisposable
{
    private const string Format = "reference/1";
    private const string Software = "1.0.0";
    private readonly SemaphoreSlim gate = new(1, 1);
    private ReferenceRecorder? recorder;
    private RecorderServer? server;
    private (string Origin, DateTimeOffset Until)? live;

    public string Id => id;
    public string Name => name;
    public bool Failing => failing;
    public bool IsFailoverServer => id.StartsWith("failover-", StringComparison.Ordinal);

    /// <summary>Kept over death and repair (R42).</summary>
    public string BaseAddress { get; private set; } = "http://127.0.0.1:0";

    /// <summary>Opens the recorder and serves it, at the same address as before.</summary>
    public async Task StartAsync(LiveRole role)
    {
        recorder = new ReferenceRecorder(
            folder,
            new ReferenceRecorderOptions
            {
                RecorderId = id,
                Name = name,
                Version = Software,
                SettingsFormat = Format,
                Storages = ["disk-1"],
                Drivers = ["onvif"],
                InitialRole = role,
                InitialSettings = IsFailoverServer ? null : FirstSettings(),
            },
            time
        );
        recorder.SetRole(role, recording: role == LiveRole.Recorder);
        server = await RecorderServer.StartAsync(recorder, new RecorderServerOptions { Port = new Uri(BaseAddress).Port });
        BaseAddress = server.Address.ToString().TrimEnd('/');
    }

    public async Task StopAsync()
    {
        await gate.WaitAsync();
        try
        {
            live = null;
            if (server is not null)
                await server.DisposeAsync();
            recorder?.Dispose();
            (server, recorder) = (null, null);
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        gate.Dispose();
    }

    public async Task<RecorderSettings> SettingsAsync(CancellationToken token) =>
        await Open().GetSettingsAsync(token) ?? throw new InvalidOperationException($"{id} has no settings.");

    /// <summary>What a controller does at a failover: the failed recorder's settings go to the failover server, and it records.</summary>
    public async Task StandInAsync(Outage outage, RecorderSettings settings, CancellationToken token)
    {
        await Open().PutSettingsAsync(settings, new RestoreAttempt(outage.EntryId, 0), token);
        await Open().ActivateAsync(new RestoreAttempt(outage.EntryId, 0), token);
    }

    /// <summary>Somebody edits the settings of the stand-in: these edits have to come home (D4).</summary>
    public async Task EditSettingsAsync(Outage outage, CancellationToken token)
    {
        var settings = JsonNode.Parse((await SettingsAsync(token)).Bytes.Span)!.AsObject();
        settings["masks"]!
            .AsArray()
            .Add(
                new JsonObject
                {
                    ["channel"] = "cam-1",
                    ["area"] = "0,0,64,64",
                    ["editedDuring"] = outage.EntryId.ToString(),
                }
            );
        await Open()
            .PutSettingsAsync(
                new RecorderSettings(Encoding.UTF8.GetBytes(settings.ToJsonString())),
                new RestoreAttempt(outage.EntryId, 0),
                token
            );
    }

    /// <summary>The recorder comes back repaired: its role is Broken until a failback, it records nothing.</summary>
    public Task ReturnRepairedAsync(CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        return StartAsync(LiveRole.Broken);
    }

    /// <summary>Records every item of an origin recorder's tracks that starts in the half-open period.</summary>
    /// <returns>Items recorded.</returns>
    public async Task<int> RecordAsync(string origin, DateTimeOffset from, DateTimeOffset to, CancellationToken token)
    {
        await gate.WaitAsync(token);
        try
        {
            live = (origin, to);
            return recorder is null ? 0 : await RecordPeriodAsync(recorder, origin, from, to, token);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Records what passed since the last time, while it records at all.</summary>
    public async Task RecordOnAsync(CancellationToken token)
    {
        await gate.WaitAsync(token);
        try
        {
            if (recorder is null)
                return;
            var now = time.GetUtcNow() - Clips.SegmentLength;
            if (!(await recorder.GetStatusAsync(token)).Recording)
                live = null;
            else if (live is not { } on)
                live = IsFailoverServer ? null : (id, now);
            else if (now > on.Until)
            {
                await RecordPeriodAsync(recorder, on.Origin, on.Until, now, token);
                live = (on.Origin, now);
            }
        }
        catch (RecorderException e) when (e.Fault == RecorderFault.WrongRole)
        {
            // It was sent to standby since it was asked: what it recorded until then is all there is.
            live = null;
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<int> RecordPeriodAsync(
        ReferenceRecorder to,
        string origin,
        DateTimeOffset from,
        DateTimeOffset until,
        CancellationToken token
    )
    {
        var count = 0;
        foreach (var track in Tracks(origin))
            count += (await to.RecordAsync(track, Items(track, from, until), token)).Count;
        return count;
    }

    private IEnumerable<RecordedItem> Items(Track track, DateTimeOffset from, DateTimeOffset until)
    {
        for (var index = FirstIndex(from); Start(index) < until; index++)
            if (Clips.Exists(track.Kind, index))
                yield return new RecordedItem(Start(index), Clips.Duration(track.Kind), Clips.Item(track, id, index));
    }

    private long FirstIndex(DateTimeOffset from) =>
        (from.UtcTicks - phase * TimeSpan.TicksPerMillisecond + Clips.SegmentLength.Ticks - 1) / Clips.SegmentLength.Ticks;

    private DateTimeOffset Start(long index) =>
        new(index * Clips.SegmentLength.Ticks + phase * TimeSpan.TicksPerMillisecond, TimeSpan.Zero);

    /// <summary>All six kinds: cameras with video, metadata and ANPR, a microphone, a text channel, and alarms.</summary>
    private IEnumerable<Track> Tracks(string origin)
    {
        for (var n = 1; n <= 2 * scale; n++)
            foreach (var kind in new[] { TrackKind.Video, TrackKind.Metadata, TrackKind.Anpr })
                yield return new Track(origin, kind, $"cam-{n}");
        for (var n = 1; n <= scale; n++)
        {
            yield return new Track(origin, TrackKind.Audio, $"mic-{n}");
            yield return new Track(origin, TrackKind.Text, $"till-{n}");
            yield return new Track(origin, TrackKind.Metadata, $"till-{n}");
            yield return new Track(origin, TrackKind.Alarm, $"door-{n}");
        }
    }

    private ReadOnlyMemory<byte> FirstSettings() =>
        Encoding.UTF8.GetBytes(
            new JsonObject
            {
                ["format"] = Format,
                ["softwareVersion"] = Software,
                ["storages"] = new JsonArray("disk-1"),
                ["drivers"] = new JsonArray("onvif"),
                ["recorder"] = id,
                ["files"] = new JsonObject { ["dvr.ini"] = "[recording]\nquality=high\n" },
                ["masks"] = new JsonArray(),
                ["schedules"] = new JsonArray(new JsonObject { ["days"] = "mon-sun", ["record"] = "always" }),
            }.ToJsonString()
        );

    private ReferenceRecorder Open() => recorder ?? throw new InvalidOperationException($"{id} is not running.");
}
