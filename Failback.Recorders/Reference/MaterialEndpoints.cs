using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Failback.Recorders;

/// <summary>Listings, reads, writes and verification of material, as <see cref="Frames"/>.</summary>
internal sealed class MaterialEndpoints(ReferenceRecorder recorder)
{
    private const int FlushBytes = 256 << 10;

    /// <summary>Contents, headers of as many items as allowed, track and end.</summary>
    private const long WriteBytes =
        Limits.BytesPerRequest + Limits.ItemsPerRequest * (4L + Frames.MostEntryBytes) + Frames.MostTrackBytes + Frames.EndBytes;

    private const long CopyFromBytes = Frames.MostSourceBytes + (long)Limits.ItemsPerRequest * Frames.MostEntryBytes;

    /// <summary>Far below the time after which who waits gives up.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/items/list", ListAsync).WithMetadata(new Served(RecorderOperation.ListItems));
        app.MapPost("/v1/items/verify", VerifyAsync).WithMetadata(new Served(RecorderOperation.VerifyItems));
        app.MapPost("/v1/items/digest", DigestAsync).WithMetadata(new Served(RecorderOperation.DigestItems));
        app.MapPost("/v1/items/copied", CopiedAsync).WithMetadata(new Served(RecorderOperation.ListCopied));
        app.MapPost("/v1/items/read", ReadAsync).WithMetadata(new Served(RecorderOperation.ReadItems));
        app.MapPost("/v1/items/write", WriteAsync).WithMetadata(new Served(RecorderOperation.WriteItems, WriteBytes));
        app.MapPost("/v1/items/ticket", TicketAsync).WithMetadata(new Served(RecorderOperation.IssueTicket));
        app.MapPost("/v1/items/copy-from", CopyFromAsync).WithMetadata(new Served(RecorderOperation.CopyFrom, CopyFromBytes));
    }

    private async Task ListAsync(HttpContext context)
    {
        var asked = await context.ReadJsonAsync<WirePeriod>();
        var page = await recorder.ListItemsAsync(asked.Period, asked.Cursor, asked.Limit, context.RequestAborted);
        await WritePageAsync(context, page);
    }

    private async Task VerifyAsync(HttpContext context)
    {
        var asked = await context.ReadJsonAsync<WirePeriod>();
        var page = await recorder.VerifyItemsAsync(asked.Period, asked.Cursor, asked.Limit, context.RequestAborted);
        await WritePageAsync(context, page);
    }

    private static async Task WritePageAsync(HttpContext context, ItemPage page)
    {
        var bytes = Frames.Page(page);
        context.Response.ContentType = Wire.FramesType;
        context.Response.ContentLength = bytes.Length;
        foreach (var piece in bytes)
            await context.Response.Body.WriteAsync(piece, context.RequestAborted);
    }

    private async Task DigestAsync(HttpContext context)
    {
        var asked = await context.ReadJsonAsync<WireBuckets>();
        await context.WriteJsonAsync(await recorder.DigestItemsAsync(asked.Period, asked.Buckets, context.RequestAborted));
    }

    private async Task CopiedAsync(HttpContext context)
    {
        var asked = await context.ReadJsonAsync<WirePeriod>();
        // The limit that a period has by itself is that of items.
        var limit = Math.Min(asked.Limit, Limits.SpansPerPage);
        await context.WriteJsonAsync(await recorder.ListCopiedAsync(asked.Period, asked.Cursor, limit, context.RequestAborted));
    }

    private async Task WriteAsync(HttpContext context)
    {
        using var reader = new FrameReader(context.Request.Body);
        var track = await reader.ReadTrackAsync(context.RequestAborted);
        var receipts = await recorder.WriteItemsAsync(track, ItemsOf(reader, context.RequestAborted), context.RequestAborted);
        await context.WriteBytesAsync(Frames.Receipts(receipts), Wire.FramesType);
    }

    private async Task TicketAsync(HttpContext context)
    {
        var (track, wanted) = await WantedAsync(context);
        await context.WriteJsonAsync(new WireTicket(await recorder.IssueTicketAsync(track, wanted, context.RequestAborted)));
    }

    /// <summary>Who waits hears something as long as something comes; once that was said, an error can only cut the answer.</summary>
    private async Task CopyFromAsync(HttpContext context)
    {
        using var reader = new FrameReader(context.Request.Body);
        var (source, track, items) = await reader.ReadCopyFromAsync(context.RequestAborted);
        context.Response.ContentType = Wire.FramesType;
        var arrivals = new Arrivals();
        var copying = recorder.CopyFromAsync(source, track, items, arrivals, context.RequestAborted);
        for (var told = 0L; await Task.WhenAny(copying, Task.Delay(Beat, TimeProvider.System)) != copying; )
        {
            if (arrivals.Count is var now && now > told)
            {
                told = now;
                await context.Response.Body.WriteAsync(Frames.Beat, context.RequestAborted);
            }
        }
        await context.Response.Body.WriteAsync(Frames.Receipts(items, await copying), context.RequestAborted);
    }

    private static async IAsyncEnumerable<ItemContent> ItemsOf(FrameReader reader, [EnumeratorCancellation] CancellationToken token)
    {
        for (var count = 0; await reader.ReadHeaderAsync(count, token) is { } entry; count++)
        {
            var content = new FrameContent(reader, entry.Length);
            yield return new ItemContent(entry, content);
            await content.EndAsync(token);
        }
    }

    private async Task ReadAsync(HttpContext context)
    {
        var (track, wanted) = await WantedAsync(context);
        if (RequestGuard.TicketOf(context.Request) is { } ticket && !recorder.Opens(ticket, track, wanted))
            throw new RecorderException(RecorderFault.Forbidden, "the ticket is over, or it is for other items");
        var items = recorder.Locate(track, wanted);
        var entries = items.ConvertAll(x => recorder.EntryOf(x));
        context.Response.ContentType = Wire.FramesType;
        context.Response.ContentLength = entries.Sum(x => Frames.HeaderBytes(x) + x.Length) + Frames.EndBytes;
        using var reader = recorder.OpenPacks();
        var body = context.Response.BodyWriter;
        foreach (var (item, entry) in items.Zip(entries))
        {
            // Gone since it was located: the answer is torn, and the caller asks again.
            if (!reader.Open(item))
                throw new WireException("an item went away");
            body.Advance(Frames.WriteHeader(body.GetSpan(4 + Frames.MostEntryBytes), entry));
            await WriteContentAsync(body, item, reader.ReadOrZeros, context.RequestAborted);
        }
        body.Advance(Frames.WriteEnd(body.GetSpan(Frames.EndBytes), items.Count));
        await body.FlushAsync(context.RequestAborted);
    }

    private static async Task<(Track, IReadOnlyList<ItemEntry>)> WantedAsync(HttpContext context)
    {
        using var reader = new FrameReader(context.Request.Body);
        var track = await reader.ReadTrackAsync(context.RequestAborted);
        return (track, await reader.ReadWantedAsync(context.RequestAborted));
    }

    /// <summary>From disk into the pipe without a buffer between; flushed by the quarter megabyte.</summary>
    /// <param name="readPack">Reads from the open pack; 0 ends the answer before its time.</param>
    internal static async ValueTask WriteContentAsync(PipeWriter body, StoredItem item, ReadPack readPack, CancellationToken token)
    {
        for (long at = 0; at < item.Length; )
        {
            var length = (int)Math.Min(item.Length - at, BlockPool.BlockBytes);
            var read = readPack(item.Offset + at, body.GetSpan(length)[..length]);
            if (read == 0)
                throw new WireException("an item is cut short on disk");
            body.Advance(read);
            at += read;
            if (body.UnflushedBytes >= FlushBytes)
                await body.FlushAsync(token);
        }
    }
}

/// <summary>Reads bytes of a pack from an offset on.</summary>
internal delegate int ReadPack(long offset, Span<byte> to);
