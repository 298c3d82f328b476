using Failback.Recorders;

namespace Failback.Tests;

/// <summary>The conformance suite against the reference recorder, in process and over HTTP: one test for each check and adapter.</summary>
[Covers("R12", "R13", "R27", "R34", "R36", "R37", "R42", "D3", "D5", "D7", "D8", "D16", "D17", "D18")]
[Covers("F1", "F2", "F3", "F4", "F5", "F7", "F8", "F11", "F13", "F14", "F16", "F17", "E9", "E10", "T6", "T14", "T15", "T16")]
[Covers("I1", "I2", "I7", "I8", "I14", "A22")]
public sealed class Every_adapter_keeps_to_the_port
{
    public static TheoryData<string> Names => [.. RecorderConformance.Checks.Select(x => x.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task the_reference_recorder(string check) => RunAsync(check, overHttp: false);

    [Theory]
    [MemberData(nameof(Names))]
    public Task the_http_adapter(string check) => RunAsync(check, overHttp: true);

    [Fact]
    public void the_suite_has_many_checks_with_names_of_their_own()
    {
        Assert.True(RecorderConformance.Checks.Count >= 40);
        Assert.Equal(RecorderConformance.Checks.Count, RecorderConformance.Checks.Select(x => x.Name).Distinct().Count());
        Assert.All(RecorderConformance.Checks, x => Assert.NotEmpty(x.Covers));
    }

    [Fact]
    public async Task one_recorder_serves_all_checks_one_after_another()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        foreach (var check in RecorderConformance.Checks)
            await check.RunAsync(stand.Target with { Recorder = stand.Recorder }, TestContext.Current.CancellationToken);
    }

    private static async Task RunAsync(string check, bool overHttp)
    {
        await using var stand = await RecorderStand.StartAsync(overHttp);
        await RecorderConformance.Checks.Single(x => x.Name == check).RunAsync(stand.Target, TestContext.Current.CancellationToken);
    }
}
