using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Failback.Recorders;

/// <summary>Around every request: identity on each answer, the secret, body limits, scripted faults, and faults as problems.</summary>
internal sealed partial class RequestGuard(ReferenceRecorder recorder, RecorderServerOptions options, ILogger logger)
{
    private const string Bearer = "Bearer ";
    private const string Ticket = $"{Wire.TicketScheme} ";
    private readonly string identity = Uri.EscapeDataString(recorder.RecorderId);

    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers[Wire.RecorderHeader] = identity;
        try
        {
            if (context.GetEndpoint()?.Metadata.GetMetadata<Served>() is not { } served)
            {
                await AnswerAsync(context, 404, RecorderFault.BadRequest, "no such address");
                return;
            }
            // A ticket opens items, and which ones is known when they were asked for.
            var maybe = served.Operation == RecorderOperation.ReadItems && TicketOf(context.Request) is not null;
            if (served.Operation != RecorderOperation.Identity && !maybe && !HasSecret(context.Request))
            {
                await AnswerAsync(context, 401, RecorderFault.Forbidden, "the secret is missing or wrong");
                return;
            }
            context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = served.BodyBytes;
            if (options.Faults?.Take(served.Operation) is { } fault)
                await PlayAsync(context, next, fault.Fault, fault.AtByte);
            else
                await next(context);
        }
        catch (Exception thrown)
        {
            await AnswerAsync(context, thrown);
        }
    }

    /// <summary>The ticket that a request comes with, unchecked; null when it has none.</summary>
    public static string? TicketOf(HttpRequest request) =>
        request.Headers.Authorization is [{ } given] && given.StartsWith(Ticket, StringComparison.Ordinal) ? given[Ticket.Length..] : null;

    private bool HasSecret(HttpRequest request) =>
        options.Secret is null
        || request.Headers.Authorization is [{ } given]
            && given.StartsWith(Bearer, StringComparison.Ordinal)
            && Wire.SameText(given[Bearer.Length..], options.Secret);

    private async Task PlayAsync(HttpContext context, RequestDelegate next, ScriptedFault fault, int atByte)
    {
        switch (fault)
        {
            case ScriptedFault.Error:
                throw new RecorderException(RecorderFault.Unreachable, "scripted");
            case ScriptedFault.TooMany:
                await AnswerAsync(context, 429, RecorderFault.Busy, "scripted");
                return;
            case ScriptedFault.HangInHeaders:
                await context.HangAsync();
                return;
            case ScriptedFault.RefuseSettings:
                throw new RecorderException(RecorderFault.Incompatible, "scripted");
            case ScriptedFault.HalfApplySettings:
                var whole = await Wire.ReadToEndAsync(context.Request.Body, Limits.SettingsBytes, context.RequestAborted);
                recorder.ForceSettings(whole.AsMemory(0, whole.Length / 2));
                throw new RecorderException(RecorderFault.Unreachable, "scripted");
            case ScriptedFault.OtherIdentity:
                context.Response.Headers[Wire.RecorderHeader] = "another-recorder";
                break;
            case ScriptedFault.LoseAnswer:
                context.Response.Body = Stream.Null;
                await next(context);
                context.Abort();
                return;
            default:
                context.Response.Body = new FaultBody(context, context.Response.Body, fault, atByte);
                break;
        }
        await next(context);
    }

    private Task AnswerAsync(HttpContext context, Exception thrown)
    {
        switch (thrown)
        {
            case OperationCanceledException when context.RequestAborted.IsCancellationRequested:
                return Task.CompletedTask;
            case RecorderException known:
                return AnswerAsync(context, Wire.StatusOf(known.Fault), known.Fault, known.Message);
            case BadHttpRequestException bad:
                return AnswerAsync(context, bad.StatusCode, RecorderFault.BadRequest, "the body is too long, too slow or broken");
            case WireException torn:
                return AnswerAsync(context, 400, RecorderFault.BadRequest, torn.Message);
            case JsonException or FormatException:
                return AnswerAsync(context, 400, RecorderFault.BadRequest, "not the JSON or text that is expected");
            default:
                LogUnforeseen(logger, thrown, recorder.RecorderId);
                return AnswerAsync(context, 500, RecorderFault.Unreachable, "an error of the recorder");
        }
    }

    private static async Task AnswerAsync(HttpContext context, int status, RecorderFault fault, string detail)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }
        context.Response.ContentLength = null;
        context.Response.StatusCode = status;
        var problem = new Problem("about:blank", fault.ToString(), status, fault.ToString(), detail);
        await context.WriteJsonAsync(problem, Wire.ProblemType);
    }

    [LoggerMessage(3010, LogLevel.Error, "A request to recorder {RecorderId} met something unforeseen")]
    private static partial void LogUnforeseen(ILogger logger, Exception exception, string recorderId);
}

/// <summary>JSON in and out.</summary>
internal static class JsonBodies
{
    public static async Task WriteJsonAsync<T>(this HttpContext context, T value, string type = "application/json")
    {
        await context.WriteBytesAsync(JsonSerializer.SerializeToUtf8Bytes(value, Wire.Json), type);
    }

    public static async Task WriteBytesAsync(this HttpContext context, ReadOnlyMemory<byte> bytes, string type)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    /// <exception cref="JsonException">It is not.</exception>
    public static async Task<T> ReadJsonAsync<T>(this HttpContext context) =>
        JsonSerializer.Deserialize<T>(await Wire.ReadToEndAsync(context.Request.Body, Wire.JsonBytes, context.RequestAborted), Wire.Json)
        ?? throw new JsonException("null");
}
