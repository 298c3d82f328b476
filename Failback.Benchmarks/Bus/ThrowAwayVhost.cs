using System.Net.Http.Headers;
using System.Text;

namespace Failback.Benchmarks;

/// <summary>A virtual host that exists while this object does; where there is no management API, the one that was given.</summary>
internal sealed class ThrowAwayVhost : IAsyncDisposable
{
    private readonly HttpClient? management;
    private readonly string name;

    private ThrowAwayVhost(string address, HttpClient? management, string name) =>
        (Address, this.management, this.name) = (address, management, name);

    public string Address { get; }

    public static async Task<ThrowAwayVhost> CreateAsync(string broker, string? managementAddress, CancellationToken token)
    {
        if (managementAddress is null)
            return new(broker, null, "");
        var given = new UriBuilder(broker);
        var name = $"benchmark-{Guid.NewGuid():N}";
        var management = new HttpClient { BaseAddress = new Uri(managementAddress), Timeout = TimeSpan.FromSeconds(30) };
        var user = Uri.UnescapeDataString($"{given.UserName}:{given.Password}");
        management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes(user))
        );
        await PutAsync(management, $"api/vhosts/{name}", "{}", token);
        await PutAsync(management, $"api/permissions/{name}/{given.UserName}", """{"configure":".*","write":".*","read":".*"}""", token);
        given.Path = name;
        return new(given.Uri.ToString(), management, name);
    }

    public async ValueTask DisposeAsync()
    {
        if (management is null)
            return;
        using var answer = await management.DeleteAsync($"api/vhosts/{name}");
        management.Dispose();
    }

    private static async Task PutAsync(HttpClient management, string path, string json, CancellationToken token)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await management.PutAsync(path, body, token);
        answer.EnsureSuccessStatusCode();
    }
}
