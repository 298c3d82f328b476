using System.Net.Sockets;
using System.Text.Json;

namespace Failback.Recorders;

/// <summary>Turns what can go wrong in one phase of an exchange into a fault; the messages name recorder and phase, never a secret.</summary>
internal sealed class HttpFaults(string recorderId, string phase)
{
    private const int ProblemBytes = 64 << 10;
    private const int DetailCharacters = 300;

    public RecorderException Fault(RecorderFault fault, string what, Exception? inner = null) =>
        new(fault, $"{recorderId}: {phase}: {what}", inner);

    public RecorderException BadAnswer(string what) => Fault(RecorderFault.BadAnswer, what);

    /// <summary>The exception to throw for one that a transport threw; cancellation by the caller stays what it is.</summary>
    public Exception Translate(Exception thrown, StallGuard guard)
    {
        for (var inner = thrown; inner is not null; inner = inner.InnerException)
            if (inner is RecorderException known)
                return known;
        if (guard.Outer.IsCancellationRequested)
            return new OperationCanceledException("The caller gave up.", thrown, guard.Outer);
        if (guard.HasStalled)
            return Fault(RecorderFault.Stalled, "nothing came within the stall time", thrown);
        return thrown switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded } =>
                Fault(RecorderFault.BadAnswer, "the answer is not HTTP that is understood", thrown),
            HttpRequestException unreachable => Fault(RecorderFault.Unreachable, $"no connection ({unreachable.HttpRequestError})", thrown),
            HttpIOException => Fault(RecorderFault.BadAnswer, "the answer is cut short", thrown),
            IOException { InnerException: SocketException } => Fault(RecorderFault.Unreachable, "the connection broke", thrown),
            IOException => Fault(RecorderFault.BadAnswer, "the answer is cut short", thrown),
            OperationCanceledException => Fault(RecorderFault.Unreachable, "the connection was given up", thrown),
            _ => thrown,
        };
    }

    /// <summary>The fault of an answer that is not a success.</summary>
    /// <param name="secret">What the request carried: an answer may repeat it, a log must not.</param>
    public async Task<RecorderException> OfAsync(HttpAnswer answer, string? secret)
    {
        var status = (int)answer.Response.StatusCode;
        var problem = await ProblemAsync(answer);
        var detail = problem?.Detail is { Length: > 0 } text ? $": {Rules.Readable(Without(secret, text), DetailCharacters)}" : "";
        return Fault(Wire.FaultOf(status, problem), $"status {status}{detail}");
    }

    private static async Task<Problem?> ProblemAsync(HttpAnswer answer)
    {
        if (answer.Response.Content.Headers.ContentType?.MediaType != Wire.ProblemType)
            return null;
        try
        {
            return JsonSerializer.Deserialize<Problem>(await answer.ReadToEndAsync(ProblemBytes), Wire.Json);
        }
        catch (Exception nonsense) when (nonsense is JsonException or RecorderException)
        {
            return null;
        }
    }

    private static string Without(string? secret, string text) =>
        string.IsNullOrEmpty(secret) ? text : text.Replace(secret, "(secret)", StringComparison.OrdinalIgnoreCase);
}
