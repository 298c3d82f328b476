using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Failback.Recorders;

/// <summary>Identity, status, settings, role, channels and holds, as JSON.</summary>
internal sealed class ControlEndpoints(ReferenceRecorder recorder, RecorderServerOptions options)
{
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/identity", IdentityAsync).WithMetadata(new Served(RecorderOperation.Identity));
        app.MapGet("/v1/status", StatusAsync).WithMetadata(new Served(RecorderOperation.Status));
        app.MapGet("/v1/settings", GetSettingsAsync).WithMetadata(new Served(RecorderOperation.GetSettings));
        app.MapPut("/v1/settings", PutSettingsAsync).WithMetadata(new Served(RecorderOperation.PutSettings, Limits.SettingsBytes));
        app.MapPost("/v1/activate", ActivateAsync).WithMetadata(new Served(RecorderOperation.Activate));
        app.MapPost("/v1/release", ReleaseAsync).WithMetadata(new Served(RecorderOperation.Release));
        app.MapGet("/v1/channels", ChannelsAsync).WithMetadata(new Served(RecorderOperation.ListChannels));
        app.MapGet("/v1/holds", HoldsAsync).WithMetadata(new Served(RecorderOperation.ListHolds));
        app.MapPut("/v1/holds/{holdId:guid}", HoldAsync).WithMetadata(new Served(RecorderOperation.Hold));
        app.MapDelete("/v1/holds/{holdId:guid}", ReleaseHoldAsync).WithMetadata(new Served(RecorderOperation.ReleaseHold));
    }

    /// <summary>Says who it is to anybody, and proves it to who asks with a nonce; it never tells the secret.</summary>
    private Task IdentityAsync(HttpContext context)
    {
        var nonce = context.Request.Query["nonce"].ToString();
        var proof =
            options.Secret is { } secret && nonce.Length is >= 2 * Wire.NonceBytes and <= 128
                ? Wire.Prove(secret, recorder.RecorderId, nonce)
                : null;
        return context.WriteJsonAsync(new WireIdentity(recorder.RecorderId, proof));
    }

    private async Task StatusAsync(HttpContext context) =>
        await context.WriteJsonAsync(WireStatus.From(await recorder.GetStatusAsync(context.RequestAborted)));

    private async Task GetSettingsAsync(HttpContext context)
    {
        if (await recorder.GetSettingsAsync(context.RequestAborted) is not { } settings)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        context.Response.Headers.ETag = $"\"{settings.Digest}\"";
        await context.WriteBytesAsync(settings.Bytes, "application/json");
    }

    private async Task PutSettingsAsync(HttpContext context)
    {
        var attempt = AttemptOf(context.Request.Headers);
        var bytes = await Wire.ReadToEndAsync(context.Request.Body, Limits.SettingsBytes, context.RequestAborted);
        var digest = await recorder.PutSettingsAsync(new RecorderSettings(bytes), attempt, context.RequestAborted);
        await context.WriteJsonAsync(new WireDigest(digest));
    }

    private async Task ActivateAsync(HttpContext context)
    {
        await recorder.ActivateAsync(await context.ReadJsonAsync<RestoreAttempt>(), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task ReleaseAsync(HttpContext context)
    {
        await recorder.ReleaseAsync(await context.ReadJsonAsync<RestoreAttempt>(), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task ChannelsAsync(HttpContext context) =>
        await context.WriteJsonAsync(await recorder.ListChannelsAsync(context.Request.Query["origin"].ToString(), context.RequestAborted));

    private async Task HoldsAsync(HttpContext context) =>
        await context.WriteJsonAsync(await recorder.ListHoldsAsync(context.RequestAborted));

    private async Task HoldAsync(HttpContext context)
    {
        var hold = await context.ReadJsonAsync<WireHold>();
        await recorder.HoldAsync(new Hold(HoldIdOf(context), hold.OriginRecorderId, hold.From, hold.To), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task ReleaseHoldAsync(HttpContext context)
    {
        await recorder.ReleaseHoldAsync(HoldIdOf(context), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static Guid HoldIdOf(HttpContext context) => Guid.Parse((string)context.Request.RouteValues["holdId"]!);

    private static RestoreAttempt AttemptOf(IHeaderDictionary headers) =>
        Guid.TryParse(headers[Wire.EntryHeader], out var entry)
        && int.TryParse(headers[Wire.AttemptHeader], NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
            ? new RestoreAttempt(entry, attempt) { FailoverStartedAt = StartedOf(headers) }
            : throw new RecorderException(RecorderFault.BadRequest, $"{Wire.EntryHeader}: a GUID, {Wire.AttemptHeader}: a number");

    private static DateTimeOffset? StartedOf(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue(Wire.StartedHeader, out var text))
            return null;
        return DateTimeOffset.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var started)
            ? started
            : throw new RecorderException(
                RecorderFault.BadRequest,
                $"{Wire.StartedHeader}: an instant as 2026-01-31T12:00:00.0000000+00:00"
            );
    }
}
