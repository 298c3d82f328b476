using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Failback.Worker;

namespace Failback.Host;

/// <summary>What the API refused, for people.</summary>
internal sealed class RemoteException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A Failback that answers over HTTP: signed in, patient with one that is away for a moment.</summary>
internal sealed class RemoteSite : IAsyncDisposable
{
    private const int Tries = 5;
    private const int MostTokenBytes = 16 << 10;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>Longer than the API itself takes before it says that the database is away.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(40);
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private bool _signedIn;

    private RemoteSite(Uri server, TimeProvider time)
    {
        _time = time;
        // What is on this machine is asked by no proxy, whatever the environment names one for.
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            CookieContainer = new CookieContainer(),
            UseProxy = !server.IsLoopback,
        };
        _http = new HttpClient(handler)
        {
            BaseAddress = server,
            Timeout = AnswerWithin,
            MaxResponseContentBufferSize = CoverageReport.MostBytes,
        };
        _http.DefaultRequestHeaders.Add("X-Failback-Request", "failback");
    }

    /// <summary>The key of what was asked for last, from the first time that it was sent; who sends it again needs it.</summary>
    public Guid? Key { get; private set; }

    /// <param name="password">Asked only with a user.</param>
    /// <exception cref="RemoteException">Not signed in; says why.</exception>
    public static async Task<RemoteSite> SignInAsync(
        RemoteOptions options,
        Func<string> password,
        TimeProvider time,
        CancellationToken token
    )
    {
        var site = new RemoteSite(options.Server, time);
        try
        {
            if (options.User is { } user)
                await site.SignInAsync(user, password(), token);
            else if (options.TokenFile is { } file)
                site._http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token(file));
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    public async Task<string> GetAsync(string path, CancellationToken token)
    {
        using var answer = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative)), token);
        return await ReadAsync(answer, token);
    }

    /// <summary>A file; one that is longer than any report is refused.</summary>
    public async Task<byte[]> BytesAsync(string path, CancellationToken token)
    {
        using var answer = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative)), token);
        return answer.IsSuccessStatusCode
            ? await answer.Content.ReadAsByteArrayAsync(token)
            : throw new RemoteException(Said(answer.StatusCode, await answer.Content.ReadAsStringAsync(token)));
    }

    /// <summary>The same, or null where there is no such thing.</summary>
    public async Task<string?> FindAsync(string path, CancellationToken token)
    {
        using var answer = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative)), token);
        return answer.StatusCode == HttpStatusCode.NotFound ? null : await ReadAsync(answer, token);
    }

    /// <summary>Asks for something under a key that stays the same however often it has to be sent.</summary>
    /// <returns>The answer: the request is committed.</returns>
    public async Task<string> PostAsync(string path, string? json, Guid key, CancellationToken token)
    {
        Key = key;
        using var answer = await SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
                request.Headers.Add("Idempotency-Key", key.ToString());
                request.Content = new StringContent(json ?? "{}", Encoding.UTF8, "application/json");
                return request;
            },
            token
        );
        return await ReadAsync(answer, token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_signedIn)
            try
            {
                using var bye = await _http.PostAsync(new Uri("/account/sign-out", UriKind.Relative), null);
            }
            catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
            {
                // The session ends by itself.
            }
        _http.Dispose();
    }

    private async Task SignInAsync(string user, string password, CancellationToken token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/account/sign-in", UriKind.Relative));
        request.Content = new StringContent(JsonSerializer.Serialize(new { name = user, password }), Encoding.UTF8, "application/json");
        using var answer = await SendOnceAsync(request, token);
        if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed)
            throw new RemoteException("This Failback has no local account; use --token-file.");
        var said = JsonDocument.Parse(await ReadAsync(answer, token)).RootElement;
        if (said.TryGetProperty("mustChangePassword", out var must) && must.GetBoolean())
            throw new RemoteException($"Choose a password of your own first, at {new Uri(_http.BaseAddress!, "/account/password")}.");
        _signedIn = true;
    }

    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> make, CancellationToken token)
    {
        for (var tried = 1; ; tried++)
        {
            TimeSpan wait;
            try
            {
                using var request = make();
                var answer = await SendOnceAsync(request, token);
                if (tried == Tries || answer.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests))
                    return answer;
                wait = answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(tried);
                answer.Dispose();
            }
            catch (RemoteException away) when (away.InnerException is HttpRequestException && tried < Tries)
            {
                wait = TimeSpan.FromMilliseconds(200 << tried);
            }
            await Task.Delay(wait < LongestWait ? wait : LongestWait, _time, token);
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken token)
    {
        try
        {
            return await _http.SendAsync(request, token);
        }
        catch (HttpRequestException fault)
        {
            throw new RemoteException($"{_http.BaseAddress} is not reached: {fault.HttpRequestError}.", fault);
        }
        catch (OperationCanceledException late) when (!token.IsCancellationRequested)
        {
            throw new RemoteException($"{_http.BaseAddress} did not answer within {AnswerWithin.TotalSeconds:0} s.", late);
        }
    }

    private static async Task<string> ReadAsync(HttpResponseMessage answer, CancellationToken token)
    {
        var text = await answer.Content.ReadAsStringAsync(token);
        return answer.IsSuccessStatusCode ? text : throw new RemoteException(Said(answer.StatusCode, text));
    }

    /// <summary>A problem in words.</summary>
    private static string Said(HttpStatusCode status, string text)
    {
        try
        {
            var problem = JsonDocument.Parse(text).RootElement;
            string? Member(string name) => problem.TryGetProperty(name, out var x) ? Printable.Line(x.ToString(), 300) : null;
            var allowed = Member("allowed") is { } x ? $" {Member("field")}: {x}." : "";
            var reason = Member("reason") is { } y ? $" ({y})" : "";
            // The log of the process has it, for whoever reports what went wrong there.
            var trace = (int)status >= 500 && Member("traceId") is { } z ? $" Trace {z}." : "";
            return $"{Member("title") ?? $"Answer {(int)status}."}{reason}{allowed}{trace}";
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return $"Answer {(int)status}.";
        }
    }

    private static string Token(string file)
    {
        try
        {
            var text = new FileInfo(file).Length <= MostTokenBytes ? File.ReadAllText(file).Trim() : "";
            return text.Length > 0 && text.All(x => x is > ' ' and <= '~') ? text : throw new RemoteException($"{file}: holds no token.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new RemoteException($"{file}: cannot be read.");
        }
    }
}
