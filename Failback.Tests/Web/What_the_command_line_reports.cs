using System.Text.Json;
using static Failback.Tests.When_the_command_line_asks;

namespace Failback.Tests;

[Covers("D14")]
public sealed class What_the_command_line_reports
{
    [Fact]
    [Covers("B12")]
    public async Task queues_are_listed_without_the_address_of_the_broker()
    {
        await using var site = await WebSite.StartAsync("ConnectionStrings:Bus=amqp://127.0.0.1:1");
        using var folder = new TempFolder();
        string[] list = ["queues", "list", .. await ServerAsync(site, folder)];
        var (code, text) = await RunAsync(list);
        Assert.Equal(0, code);
        Assert.Contains("Nobody has looked yet", text);
        site.Doors.Queues = new(ScriptedDoors.Then, [new("failback-failover-log_error", "error", 3)]);
        (code, text) = await RunAsync(list);
        Assert.Equal(0, code);
        Assert.Matches(@"failback-failover-log_error\W+error\W+3", text);
        Assert.Contains("as looked at 2026-11-29 08:00:00Z", text);
        (code, text) = await RunAsync([.. list, "--json"]);
        Assert.Equal(0, code);
        Assert.Equal(3, JsonDocument.Parse(text).RootElement.GetProperty("rows")[0].GetProperty("messages").GetInt32());
        // Without either address it says both.
        (code, text) = await RunAsync(["queues", "list", $"--ConnectionStrings:Database=Data Source={folder.File("none.db")}"]);
        Assert.Equal(2, code);
        Assert.Contains("--server ADDRESS", text);
    }

    [Fact]
    public async Task what_failed_there_is_named_by_its_trace()
    {
        await using var site = await WebSite.StartAsync();
        using var folder = new TempFolder();
        site.Doors.Fault = new InvalidOperationException("x");
        var (code, text) = await RunAsync(["log", .. await ServerAsync(site, folder)]);
        Assert.Equal(1, code);
        var said = Assert.Single(site.Logged.Of(6011));
        Assert.Contains($"Trace {said.Split("(trace ")[1].TrimEnd(')')}.", text);
    }
}
