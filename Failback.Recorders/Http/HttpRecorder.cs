using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Failback.Recorders;

/// <summary>A recorder behind the HTTP protocol of docs/recorder-api.yaml. It believes no answer: bounds, order and identity are checked.</summary>
internal sealed class HttpRecorder(HttpExchange exchange) : IRecorder
{
    private const int ChannelsBytes = 64 << 20;
    private const int HoldsBytes = 16 << 20;
    private const int CopiedBytes = 4 << 20;
    private const int DigestCharacters = 64;
    private static readonly Action<HttpRequestHeaders> AskFirst = x => x.ExpectContinue = true;

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

    public async Task<ItemPage> ListItemsAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token)
    {
        var page = await PageAsync("list", period, cursor, limit, token);
        return page is { Items.Count: 0, Next: not null }
            ? throw exchange.Faults("list").BadAnswer("an empty page that is not the last")
            : page;
    }

    public Task<ItemPage> VerifyItemsAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token) =>
        PageAsync("verify", period, cursor, limit, token);

    public async Task<IReadOnlyList<BucketDigest>> DigestItemsAsync(TrackPeriod period, int buckets, CancellationToken token)
    {
        Rules.Require(Rules.WhyWrong(period));
        Rules.Require(Rules.WhyWrongBuckets(buckets));
        var (track, from, to) = period;
        var asked = new WireBuckets(track.OriginRecorderId, track.Kind, track.TrackId, from, to, buckets);
        using var answer = await AskAsync("digest", "items/digest", asked, token);
        var sums = await answer.ReadJsonAsync<List<BucketDigest>>();
        var faults = exchange.Faults("digest");
        if (sums.Count != buckets)
            throw faults.BadAnswer($"{sums.Count} buckets instead of {buckets}");
        return sums.Select(Rules.WhyWrong).FirstOrDefault(x => x is not null) is { } wrong ? throw faults.BadAnswer(wrong) : sums;
    }

    public async Task<CopiedPage> ListCopiedAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token)
    {
        Rules.Require(Rules.WhyWrong(period));
        Rules.Require(Rules.WhyWrongSpanLimit(limit));
        using var answer = await AskAsync("copied", "items/copied", WirePeriod.Of(period, cursor, limit), token);
        var page = await answer.ReadJsonAsync<CopiedPage>(CopiedBytes);
        if (WhyWrong(page, period, cursor, limit) is { } wrong)
            throw exchange.Faults("copied").BadAnswer(wrong);
        var spans = page.Spans.Select(x =>
            x with
            {
                From = x.From.ToUniversalTime(),
                To = x.To.ToUniversalTime(),
                At = x.At.ToUniversalTime(),
            }
        );
        return page with { Spans = [.. spans] };
    }

    public async IAsyncEnumerable<ItemContent> ReadItemsAsync(
        Track track,
        IReadOnlyList<ItemEntry> items,
        [EnumeratorCancellation] CancellationToken token
    )
    {
        Rules.Require(Rules.WhyWrong(track));
        Rules.Require(items.Count <= Limits.ItemsPerRequest ? null : $"items: at most {Limits.ItemsPerRequest} in a read");
        var wanted = Frames.Wanted(track, items);
        var faults = exchange.Faults("read");
        using var answer = await exchange.SendAsync(
            "read",
            HttpMethod.Post,
            "items/read",
            x => new BytesContent(wanted, Wire.FramesType, x),
            null,
            token
        );
        using var reader = new FrameReader(answer, faults.BadAnswer);
        var at = 0;
        for (var count = 0; await reader.ReadHeaderAsync(count, token) is { } entry; count++)
        {
            at = AfterAsked(items, at, entry, faults);
            var content = new FrameContent(reader, entry.Length);
            yield return new ItemContent(entry, content);
            await content.EndAsync(token);
        }
    }

    public async Task<IReadOnlyList<ItemReceipt>> WriteItemsAsync(Track track, IAsyncEnumerable<ItemContent> items, CancellationToken token)
    {
        Rules.Require(Rules.WhyWrong(track));
        ItemsContent? body = null;
        try
        {
            using var answer = await exchange.SendAsync(
                "write",
                HttpMethod.Post,
                "items/write",
                x => body = new ItemsContent(track, items, x),
                AskFirst,
                token
            );
            using var reader = new FrameReader(answer, exchange.Faults("write").BadAnswer);
            return await reader.ReadReceiptsAsync(body!.Sent, token);
        }
        catch (Exception) when (body?.SourceFailure is not null)
        {
            body.SourceFailure.Throw();
            throw;
        }
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

    private async Task<ItemPage> PageAsync(string phase, TrackPeriod period, string? cursor, int limit, CancellationToken token)
    {
        Rules.Require(Rules.WhyWrong(period));
        Rules.Require(Rules.WhyWrongLimit(limit));
        var faults = exchange.Faults(phase);
        using var answer = await AskAsync(phase, $"items/{phase}", WirePeriod.Of(period, cursor, limit), token);
        using var reader = new FrameReader(answer, faults.BadAnswer);
        var page = await reader.ReadPageAsync(limit, token);
        return WhyWrong(page, period, cursor) is { } wrong ? throw faults.BadAnswer(wrong) : page;
    }

    private static string? WhyWrong(ItemPage page, TrackPeriod period, string? cursor)
    {
        if (page.Next?.Length > Limits.CursorCharacters || page.Next is not null && page.Next == cursor)
            return "a cursor that is too long or leads nowhere";
        for (var i = 0; i < page.Items.Count; i++)
        {
            if (!period.Meets(page.Items[i].Start, page.Items[i].End))
                return "an item outside of the period";
            if (i > 0 && Compare(page.Items[i - 1], page.Items[i]) >= 0)
                return "items out of order";
        }
        return null;
    }

    private static string? WhyWrong(CopiedPage page, TrackPeriod period, string? cursor, int limit)
    {
        if (page.Next?.Length > Limits.CursorCharacters || page.Next is not null && page.Next == cursor)
            return "a cursor that is too long or leads nowhere";
        if (page.Spans.Count > limit)
            return $"more than {limit} spans";
        for (var i = 0; i < page.Spans.Count; i++)
        {
            if (Rules.WhyWrong(page.Spans[i]) is { } wrong)
                return wrong;
            if (page.Spans[i].From >= period.To || page.Spans[i].To <= period.From)
                return "a span outside of the period";
            if (i > 0 && page.Spans[i].From < page.Spans[i - 1].From)
                return "spans out of order";
        }
        return null;
    }

    private static int Compare(ItemEntry x, ItemEntry y) =>
        x.Start.CompareTo(y.Start) is not 0 and var start ? start : string.CompareOrdinal(x.Digest, y.Digest);

    /// <summary>Frames come in the order asked, some may be missing: the place after the one that came.</summary>
    private static int AfterAsked(IReadOnlyList<ItemEntry> asked, int at, ItemEntry came, HttpFaults faults)
    {
        for (; at < asked.Count; at++)
            if (asked[at].Start == came.Start && asked[at].Digest == came.Digest)
                return asked[at].Length == came.Length ? at + 1 : throw faults.BadAnswer("an item of another length than listed");
        throw faults.BadAnswer("an item that was not asked for");
    }
}
