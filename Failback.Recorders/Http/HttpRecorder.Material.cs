using System.Net.Http.Headers;
using System.Runtime.CompilerServices;

namespace Failback.Recorders;

/// <summary>Material over the wire: listings, sums, reads, writes, and what a target fetches by itself.</summary>
internal sealed partial class HttpRecorder
{
    private const int CopiedBytes = 4 << 20;
    private static readonly Action<HttpRequestHeaders> AskFirst = x => x.ExpectContinue = true;

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
        using var answer = await exchange.SendAsync("read", HttpMethod.Post, "items/read", x => new BytesContent(wanted, x), null, token);
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

    public async Task<string> IssueTicketAsync(Track track, IReadOnlyList<ItemEntry> items, CancellationToken token)
    {
        Rules.Require(Rules.WhyWrong(track));
        Rules.Require(items.Count <= Limits.ItemsPerRequest ? null : $"items: at most {Limits.ItemsPerRequest} in a read");
        var wanted = Frames.Wanted(track, items);
        using var answer = await exchange.SendAsync(
            "ticket",
            HttpMethod.Post,
            "items/ticket",
            x => new BytesContent(wanted, x),
            null,
            token
        );
        var ticket = (await answer.ReadJsonAsync<WireTicket>()).Ticket;
        return Rules.WhyWrongTicket(ticket) is { } wrong ? throw exchange.Faults("ticket").BadAnswer(wrong) : ticket;
    }

    public async Task<IReadOnlyList<ItemReceipt>> CopyFromAsync(
        ItemSource source,
        Track track,
        IReadOnlyList<ItemEntry> items,
        CancellationToken token
    )
    {
        Rules.Require(Rules.WhyWrong(source));
        Rules.Require(Rules.WhyWrong(track));
        Rules.Require(items.Count <= Limits.ItemsPerRequest ? null : $"items: at most {Limits.ItemsPerRequest} in a write");
        Rules.Require(items.Select(Rules.WhyWrong).FirstOrDefault(x => x is not null));
        var body = Frames.CopyFrom(source, track, items);
        using var answer = await WithoutAsync(
            source.Ticket,
            exchange.SendAsync("copy from", HttpMethod.Post, "items/copy-from", x => new BytesContent(body, x), null, token)
        );
        using var reader = new FrameReader(answer, exchange.Faults("copy from").BadAnswer);
        await reader.SkipBeatsAsync(token);
        return await reader.ReadReceiptsAsync(items, token, maybeNone: true);
    }

    /// <summary>A refusal may repeat the ticket, and a log must not.</summary>
    private static async Task<HttpAnswer> WithoutAsync(string ticket, Task<HttpAnswer> asking)
    {
        try
        {
            return await asking;
        }
        catch (RecorderException fault) when (fault.Message.Contains(ticket, StringComparison.OrdinalIgnoreCase))
        {
            throw new RecorderException(fault.Fault, fault.Message.Replace(ticket, "(ticket)", StringComparison.OrdinalIgnoreCase));
        }
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
