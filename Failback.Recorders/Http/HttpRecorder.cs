using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Failback.Recorders;

/// <summary>A recorder behind the HTTP protocol of docs/recorder-api.yaml. It believes no answer: bounds, order and identity are checked.</summary>
internal sealed partial class HttpRecorder(HttpExchange exchange) : IRecorder
{
    private const int ChannelsBytes = 64 << 20;
    private const int HoldsBytes = 16 << 20;
    private const int DigestCharacters = 64;

    public async Task<RecorderStatus> GetStatusAsync(CancellationToken token)
    {
        using var answer = await exchange.SendAsync("status", HttpMethod.Get, "status", null, null, token);
        var status = await answer.ReadJsonAsync<WireStatus>();
        var faults = exchange.Faults("status");
        if (status.RecorderId != exchange.RecorderId)
            throw faults.Fault(RecorderFault.WrongIdentity, "another recorder answers on the address");
        if (status.Storages.Concat(status.Drivers).Concat(status.Features).Any(x => x is null))
            throw faults.BadAnswer("a storage, driver or feature is null");
        return status.ToStatus();
    }

    public async Task<RecorderSettings?> GetSettingsAsync(CancellationToken token)
    {
        using var answer = await exchange.SendAsync("settings", HttpMethod.Get, "settings", null, null, token);
        if (answer.Response.StatusCode == HttpStatusCode.NoContent)
            return null;
        var settings = new RecorderSettings(await answer.ReadToEndAsync(Limits.SettingsBytes));
        return answer.Response.Headers.ETag is { } tag && tag.Tag != $"\"{settings.Digest}\""
            ? throw exchange.Faults("settings").BadAnswer("the settings do not have the digest they came with")
            : settings;
    }

    public async Task<string> PutSettingsAsync(RecorderSettings settings, RestoreAttempt attempt, CancellationToken token)
    {
        Rules.Require(settings.Bytes.Length <= Limits.SettingsBytes ? null : $"settings: at most {Limits.SettingsBytes} bytes");
        Rules.Require(Rules.WhyWrong(attempt));
        using var answer = await exchange.SendAsync(
            "apply settings",
            HttpMethod.Put,
            "settings",
            x => new BytesContent(settings.Bytes, "application/json", x),
            x =>
            {
                x.ExpectContinue = true;
                x.Add(Wire.EntryHeader, attempt.EntryId.ToString());
                x.Add(Wire.AttemptHeader, attempt.Attempt.ToString());
                if (attempt.FailoverStartedAt is { } started)
                    x.Add(Wire.StartedHeader, started.ToString("O", CultureInfo.InvariantCulture));
            },
            token
        );
        var digest = (await answer.ReadJsonAsync<WireDigest>()).Digest;
        return digest.Length == DigestCharacters ? digest : throw exchange.Faults("apply settings").BadAnswer("no SHA-256 came back");
    }

    public Task ActivateAsync(RestoreAttempt attempt, CancellationToken token)
    {
        Rules.Require(Rules.WhyWrong(attempt));
        return CommandAsync("activate", HttpMethod.Post, "activate", attempt, token);
    }

    public Task ReleaseAsync(RestoreAttempt attempt, CancellationToken token)
    {
        Rules.Require(Rules.WhyWrong(attempt));
        return CommandAsync("release", HttpMethod.Post, "release", attempt, token);
    }

    public async Task<IReadOnlyList<Channel>> ListChannelsAsync(string originRecorderId, CancellationToken token)
    {
        Rules.Require(Rules.WhyWrongRecorderId(originRecorderId) is { } wrong ? $"originRecorderId: {wrong}" : null);
        var path = $"channels?origin={Uri.EscapeDataString(originRecorderId)}";
        using var answer = await exchange.SendAsync("channels", HttpMethod.Get, path, null, null, token);
        var channels = await answer.ReadJsonAsync<List<Channel>>(ChannelsBytes);
        var faults = exchange.Faults("channels");
        if (channels.Count > Limits.ChannelsPerRecorder)
            throw faults.BadAnswer($"more than {Limits.ChannelsPerRecorder} channels");
        if (channels.Select(Rules.WhyWrong).FirstOrDefault(x => x is not null) is { } nonsense)
            throw faults.BadAnswer(nonsense);
        return channels.DistinctBy(x => x.TrackId).Count() == channels.Count ? channels : throw faults.BadAnswer("a channel twice");
    }

    public Task HoldAsync(Hold hold, CancellationToken token)
    {
        Rules.Require(Rules.WhyWrong(hold));
        var wire = new WireHold(hold.OriginRecorderId, hold.From, hold.To);
        return CommandAsync("hold", HttpMethod.Put, $"holds/{hold.HoldId}", wire, token);
    }

    public async Task ReleaseHoldAsync(Guid holdId, CancellationToken token)
    {
        using var answer = await exchange.SendAsync("release hold", HttpMethod.Delete, $"holds/{holdId}", null, null, token);
    }

    public async Task<IReadOnlyList<Hold>> ListHoldsAsync(CancellationToken token)
    {
        using var answer = await exchange.SendAsync("holds", HttpMethod.Get, "holds", null, null, token);
        var holds = await answer.ReadJsonAsync<List<Hold>>(HoldsBytes);
        var wrong =
            holds.Count > Limits.Holds
                ? $"more than {Limits.Holds} holds"
                : holds.Select(Rules.WhyWrong).FirstOrDefault(x => x is not null);
        return wrong is null ? holds : throw exchange.Faults("holds").BadAnswer(wrong);
    }

    private Task<HttpAnswer> AskAsync<T>(string phase, string path, T body, CancellationToken token)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(body, Wire.Json);
        return exchange.SendAsync(phase, HttpMethod.Post, path, x => new BytesContent(json, "application/json", x), null, token);
    }

    private async Task CommandAsync<T>(string phase, HttpMethod method, string path, T body, CancellationToken token)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(body, Wire.Json);
        using var answer = await exchange.SendAsync(phase, method, path, x => new BytesContent(json, "application/json", x), null, token);
    }
}
