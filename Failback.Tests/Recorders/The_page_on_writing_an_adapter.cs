using System.Text.RegularExpressions;
using Failback.Recorders;

namespace Failback.Tests;

/// <summary>What docs/writing-an-adapter.md shows is compiled and run here.</summary>
[Covers("D5", "F3")]
public sealed partial class The_page_on_writing_an_adapter
{
    [Fact]
    public async Task shows_code_that_runs()
    {
        using var temp = new TempFolder();
        var (folder, secret, token) = (temp.Path, "a secret", TestContext.Current.CancellationToken);
        // page: start
        using var recorder = new ReferenceRecorder(folder, new ReferenceRecorderOptions { RecorderId = "recorder-1" }, TimeProvider.System);
        await using var server = await RecorderServer.StartAsync(recorder, new RecorderServerOptions { Secret = secret }, token);
        var target = new ConformanceTarget { Recorder = recorder };
        foreach (var check in RecorderConformance.Checks.Where(x => x.AppliesTo(target)))
            await check.RunAsync(target, token);
        var faults = new FaultScript().Next(RecorderOperation.ReadItems, ScriptedFault.Truncate, atByte: 100_000);
        // page: end
        Assert.Equal(0, faults.Played);
        Assert.NotEqual(0, server.Address.Port);
    }

    [Fact]
    public void shows_no_other_code()
    {
        var source = Repository.Read("Failback.Tests/Recorders/The_page_on_writing_an_adapter.cs");
        var compiled = Lines(source[source.IndexOf("// page: start", StringComparison.Ordinal)..]).ToHashSet();
        var shown = CSharp().Matches(Repository.Read("docs/writing-an-adapter.md")).SelectMany(x => Lines(x.Groups[1].Value)).ToList();
        Assert.NotEmpty(shown);
        Assert.All(shown, x => Assert.Contains(x, compiled));
    }

    [Fact]
    public void names_members_that_there_are()
    {
        var page = Repository.Read("docs/writing-an-adapter.md");
        foreach (var member in typeof(ConformanceTarget).GetProperties().Where(x => x.Name != nameof(ConformanceTarget.Recorder)))
            Assert.Contains($"`{member.Name}`", page);
        foreach (
            var feature in (string[])
                ["IRecorder", "IRecorderRegistry", "RecorderException", "RecorderFault", "Limits", "FaultScript", "DiskFaults"]
        )
            Assert.NotNull(typeof(IRecorder).Assembly.GetType($"Failback.Recorders.{feature}"));
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharp();
}
