using System.Net;
using System.Text.Json;

namespace Failback.Tests;

/// <summary>What a process answers when a balancer asks whether it is ready.</summary>
internal sealed record Readiness(HttpStatusCode Status, string Body)
{
    public bool Ready => Status == HttpStatusCode.OK;

    public static async Task<Readiness> AskAsync(HttpClient http, string path = "health/ready")
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return new(answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Waits until it is ready.</summary>
    public static Task<Readiness> WellAsync(HttpClient http, TimeSpan? deadline = null) =>
        Eventually.Get("ready", () => AskAsync(http), x => x.Ready, deadline);

    /// <summary>Waits until it is not ready for the reason given: the check and a part of what it says.</summary>
    public static Task<Readiness> NotWellAsync(HttpClient http, string check, string says, TimeSpan? deadline = null) =>
        Eventually.Get(
            $"not ready, {check}: {says}",
            () => AskAsync(http),
            x => x is { Status: HttpStatusCode.ServiceUnavailable } && x.Of(check).Contains(says, StringComparison.Ordinal),
            deadline
        );

    /// <summary>Status and description of a check; empty when there is no such check.</summary>
    public string Of(string check) =>
        Checks.TryGetProperty(check, out var said) ? $"{said.GetProperty("status")} {said.GetProperty("description")}" : "";

    public JsonElement Checks => JsonDocument.Parse(Body).RootElement.GetProperty("checks");
}
