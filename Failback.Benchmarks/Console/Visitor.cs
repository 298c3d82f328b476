using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Failback.Benchmarks;

/// <summary>Somebody who is signed in at the console: what a browser keeps and sends, without its drawing.</summary>
internal sealed class Visitor : IDisposable
{
    private const string Name = "operator";
    private const string Chosen = "correct horse battery staple";
    private readonly HttpClient client;

    private Visitor(Uri address)
    {
        Address = address;
        client = new HttpClient(new SocketsHttpHandler { CookieContainer = Cookies, AllowAutoRedirect = false }) { BaseAddress = address };
        client.DefaultRequestHeaders.Add("X-Failback-Request", "1");
    }

    public Uri Address { get; }
    public CookieContainer Cookies { get; } = new();

    /// <summary>Signs in with the first password of the local account, and chooses another one.</summary>
    public static async Task<Visitor> SignInAsync(Uri address, string oneTime, CancellationToken token)
    {
        var visitor = new Visitor(address);
        try
        {
            await visitor.SayAsync("account/sign-in", new { name = Name, password = oneTime }, token);
            await visitor.SayAsync("account/password", new { password = oneTime, next = Chosen }, token);
            return visitor;
        }
        catch
        {
            visitor.Dispose();
            throw;
        }
    }

    /// <summary>What is at a path of the site.</summary>
    /// <exception cref="HttpRequestException">It answers with anything but success.</exception>
    public async Task<string> GetAsync(string path, CancellationToken token)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), token);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync(token);
    }

    /// <summary>Asks for a connection, as browsers do before they open it.</summary>
    /// <returns>Its name.</returns>
    public async Task<string> NegotiateAsync(CancellationToken token)
    {
        using var answer = await client.PostAsync(new Uri("_blazor/negotiate?negotiateVersion=1", UriKind.Relative), null, token);
        answer.EnsureSuccessStatusCode();
        var said = await answer.Content.ReadFromJsonAsync<JsonElement>(token);
        return said.GetProperty("connectionToken").GetString() ?? throw new InvalidDataException("The console named no connection.");
    }

    /// <summary>Says that a page was left, so that nothing of it is kept.</summary>
    public async Task LeaveAsync(string circuit, CancellationToken token)
    {
        using var form = new FormUrlEncodedContent([new("circuitId", circuit)]);
        using var answer = await client.PostAsync(new Uri("_blazor/disconnect", UriKind.Relative), form, token);
        answer.EnsureSuccessStatusCode();
    }

    public void Dispose() => client.Dispose();

    private async Task SayAsync<T>(string path, T said, CancellationToken token)
    {
        using var answer = await client.PostAsJsonAsync(new Uri(path, UriKind.Relative), said, token);
        answer.EnsureSuccessStatusCode();
    }
}
