using System.Text.Json;
using Failback.Web;
using Microsoft.AspNetCore.Routing;

namespace Failback.Tests;

public sealed class The_api_document
{
    [Fact]
    public async Task is_as_it_was_approved_and_has_every_route()
    {
        await using var site = await WebSite.StartAsync();
        using var client = site.Anybody();
        using var answer = await client.LookAsync("/openapi/v1.json");
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var document = JsonDocument.Parse(text).RootElement;
        var described = document
            .GetProperty("paths")
            .EnumerateObject()
            .SelectMany(x => x.Value.EnumerateObject().Select(y => $"{y.Name.ToUpperInvariant()} {x.Name}"));
        var routes = site
            .Endpoints.Where(x => x.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal))
            .Select(x => $"{x.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0]} {x.RoutePattern.RawText!.Replace(":guid", "")}");
        Assert.Equal(routes.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
        foreach (var operation in document.GetProperty("paths").EnumerateObject().SelectMany(x => x.Value.EnumerateObject()))
        {
            var responses = operation.Value.GetProperty("responses");
            foreach (var status in new[] { "401", "403", "429", "503" })
                Assert.True(responses.TryGetProperty(status, out _), $"{operation.Name}: no {status}");
            Assert.Equal(2, operation.Value.GetProperty("security").GetArrayLength());
            Assert.True(operation.Value.GetProperty("summary").GetString()!.Length > 5);
        }
        Snapshot.Matches(text, "docs/api.json");
    }
}
