using System.Net;
using Failback.Saga;
using Failback.Web;
using Microsoft.AspNetCore.Routing;

namespace Failback.Tests;

/// <summary>Which right it is stands in docs/api.json, which The_api_document compares.</summary>
[Covers("D14", "T5")]
public sealed class Every_endpoint_states_a_right
{
    /// <summary>What other rooms and the host answer, by rules of their own.</summary>
    private static readonly string[] Others = ["/health/live", "/health/ready", "/metrics"];

    /// <summary>Files of the console that were changed since the build.</summary>
    private const string Files = "{**path:file}";

    [Fact]
    public async Task or_says_why_it_needs_none()
    {
        await using var site = await WebSite.StartAsync("Failback:Web:LocalAccount=true");
        var silent = site
            .Endpoints.Where(x =>
                x.Metadata.GetMetadata<NeedsRightAttribute>() is null && x.Metadata.GetMetadata<OpenToAllAttribute>() is null
            )
            .Select(x => x.RoutePattern.RawText!)
            .Except(Others.Append(Files));
        Rule.Holds("an endpoint states the right that it needs, or why it needs none", silent);
        Assert.All(Others, x => Assert.Contains(site.Endpoints, y => y.RoutePattern.RawText == x));
    }

    [Fact]
    public async Task and_who_has_another_right_or_none_is_refused()
    {
        await using var site = await WebSite.StartAsync();
        site.Doors.Change();
        var endpoints = site.Endpoints.Where(x => x.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal)).ToList();
        Assert.True(endpoints.Count > 30, "the scan finds too few endpoints to be right");
        using var nobody = site.Anybody();
        var wrong = new List<string>();
        foreach (var endpoint in endpoints)
            await ExpectAsync(nobody, endpoint, HttpStatusCode.Unauthorized, "nobody", wrong);
        foreach (var (role, rights) in WebSite.Grants)
        {
            using var client = site.As(role);
            foreach (var endpoint in endpoints)
                await ExpectAsync(client, endpoint, Allowed(endpoint, rights) ? null : HttpStatusCode.Forbidden, role, wrong);
        }
        Rule.Holds("each endpoint lets in whom it says, and nobody else", wrong);
    }

    [Fact]
    public async Task a_use_that_is_refused_is_noted_by_the_door_and_tells_nothing()
    {
        await using var site = await WebSite.StartAsync();
        using var bert = site.Named("bert", "log.read");
        foreach (
            var (path, body) in new[]
            {
                ($"/api/log/{ScriptedDoors.Entry}/failback", "{}"),
                ($"/api/log/{Guid.NewGuid()}/failback", "{}"),
                ($"/api/log/{Guid.NewGuid()}/cancel-failback", "{}"),
                ($"/api/log/{ScriptedDoors.Entry}/inspect", "{}"),
                ($"/api/copies/{ScriptedDoors.Copy}/pause", "nonsense"),
                ("/api/controller/recorder-reconnected", "{}"),
            }
        )
        {
            using var answer = await bert.AskAsync(WebSite.Post(path, body));
            await answer.ProblemAsync(ProblemKind.Forbidden);
        }
        Assert.Empty(site.Doors.AskedFor);
        Assert.Equal(
            [
                "manual-failback-requested",
                "manual-failback-requested",
                "cancel-failback",
                "inspect-recorders",
                "pause-material-copy",
                "recorder-reconnected",
            ],
            site.Doors.Refused.Select(x => x.Message)
        );
        Assert.All(site.Doors.Refused, x => Assert.Equal("bert", x.Asker.Name));
        Assert.Contains(ScriptedDoors.Copy.ToString(), site.Doors.Refused.Single(x => x.Message == "pause-material-copy").Json);
    }

    [Fact]
    public async Task who_is_refused_for_want_of_a_right_is_in_the_log_by_name()
    {
        await using var site = await WebSite.StartAsync();
        using var bert = site.Named("bert", "log.read");
        Assert.Equal(HttpStatusCode.OK, (await bert.LookAsync("/api/log")).StatusCode);
        Assert.Empty(site.Logged.Of(6009));
        using var carla = site.Named("carla", "none");
        await (await carla.LookAsync("/api/log")).ProblemAsync(ProblemKind.Forbidden);
        var said = Assert.Single(site.Logged.Of(6009));
        Assert.StartsWith("carla has no right to GET ", said);
        Assert.Contains("/api/log", said);
    }

    [Fact]
    public void the_controllers_messages_are_those_that_the_saga_takes_from_a_controller()
    {
        var ofControllers = Validation
            .Contracts.Where(x => x.Value.GetProperty("RequestedBy") is null)
            .Select(x => x.Key)
            .Order(StringComparer.Ordinal);
        Assert.Equal(ofControllers, AskEndpoints.OfController.Keys.Order(StringComparer.Ordinal));
    }

    private static bool Allowed(RouteEndpoint endpoint, string[] rights) =>
        endpoint.Metadata.GetMetadata<NeedsRightAttribute>()!.Right switch
        {
            NeedsRightAttribute.SignedIn => true,
            NeedsRightAttribute.Any => rights.Length > 0,
            var right => rights.Contains(right),
        };

    /// <param name="refused">The status of a refusal; null: anything but one.</param>
    private static async Task ExpectAsync(
        HttpClient client,
        RouteEndpoint endpoint,
        HttpStatusCode? refused,
        string who,
        List<string> wrong
    )
    {
        var path = endpoint
            .RoutePattern.RawText!.Replace("{entryId:guid}", ScriptedDoors.Entry.ToString())
            .Replace("{id:guid}", ScriptedDoors.Copy.ToString())
            .Replace("{reportId:guid}", ScriptedDoors.Report.ToString())
            .Replace("{channelCopyId:guid}", Guid.NewGuid().ToString())
            .Replace("{key:guid}", Guid.NewGuid().ToString())
            .Replace("{id}", "r1")
            .Replace("{recorderId}", "r1");
        var method = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0];
        using var request = method == "POST" ? WebSite.Post(path, "{}") : new HttpRequestMessage(HttpMethod.Get, path + "?since=0");
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var isRefusal = answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
        if (refused is null ? isRefusal || (int)answer.StatusCode >= 500 : answer.StatusCode != refused)
            wrong.Add($"{who}: {method} {path}: {(int)answer.StatusCode}");
    }
}
