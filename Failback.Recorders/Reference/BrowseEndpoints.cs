using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Failback.Recorders;

/// <summary>The same material for people with curl: what tracks there are, what is in them, and the bytes of one item.</summary>
internal sealed class BrowseEndpoints(ReferenceRecorder recorder)
{
    public void Map(IEndpointRouteBuilder app)
    {
        var browse = new Served(RecorderOperation.Browse);
        app.MapGet("/v1/tracks", TracksAsync).WithMetadata(browse);
        app.MapGet("/v1/tracks/{number:int}/items", ItemsAsync).WithMetadata(browse);
        app.MapGet("/v1/tracks/{number:int}/items/{item:length(48)}", ItemAsync).WithMetadata(browse);
    }

    private Task TracksAsync(HttpContext context) =>
        context.WriteJsonAsync(
            recorder
                .Held()
                .Select(x => new WireTrack(
                    x.Number,
                    x.Track.OriginRecorderId,
                    x.Track.Kind,
                    x.Track.TrackId,
                    x.Items,
                    x.Bytes,
                    x.First,
                    x.Last,
                    $"/v1/tracks/{x.Number}/items"
                ))
        );

    private async Task ItemsAsync(HttpContext context)
    {
        if (HeldOf(context) is not { } held)
            throw new RecorderException(RecorderFault.BadRequest, "number: of a track that /v1/tracks lists");
        var query = context.Request.Query;
        var period = new TrackPeriod(held.Track, At(query["from"]) ?? held.First, At(query["to"]) ?? held.Last.AddTicks(1));
        var limit = int.TryParse(query["limit"], NumberStyles.None, null, out var given) ? given : Limits.ItemsPerPage;
        var cursor = query["cursor"].ToString() is { Length: > 0 } text ? text : null;
        var page = await recorder.ListItemsAsync(period, cursor, limit, context.RequestAborted);
        var items = page.Items.Select(x => new WireItem(
            x.Start,
            x.End,
            x.Length,
            x.Digest,
            x.SourceRecorderId,
            x.Overlap,
            $"/v1/tracks/{held.Number}/items/{x.Start.UtcTicks:x16}{x.Digest}"
        ));
        await context.WriteJsonAsync(new WireItems([.. items], page.Next));
    }

    private async Task ItemAsync(HttpContext context)
    {
        var name = (string)context.Request.RouteValues["item"]!;
        using var reader = recorder.OpenPacks();
        if (HeldOf(context) is not { } held || recorder.Named(held.Track, name) is not { } item || !reader.Open(item))
            throw new RecorderException(RecorderFault.BadRequest, "item: one that the track lists");
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = item.Length;
        context.Response.Headers.ETag = $"\"{Digests.Text(item.Digest)}\"";
        await MaterialEndpoints.WriteContentAsync(context.Response.BodyWriter, item, reader.Read, context.RequestAborted);
    }

    private HeldTrack? HeldOf(HttpContext context) =>
        recorder.Held().Find(x => x.Number.ToString(CultureInfo.InvariantCulture) == (string)context.Request.RouteValues["number"]!);

    private static DateTimeOffset? At(string? text) =>
        string.IsNullOrEmpty(text)
            ? null
            : DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
}
