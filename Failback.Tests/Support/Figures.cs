namespace Failback.Tests;

/// <summary>What a test measured, one line a test, below out/figures: docs/reliability.md is made of it.</summary>
internal static class Figures
{
    public static readonly string Folder = Repository.PathOf("out", "figures");

    /// <summary>Keeps the figure of the test that runs, for example "40 kill points, 0 lost, 0 doubled"; a later one replaces it.</summary>
    public static void Say(string figure)
    {
        var test = TestContext.Current.TestMethod ?? throw new InvalidOperationException("Only a running test has a figure.");
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, $"{TestContext.Current.TestClass!.TestClassSimpleName}.{test.MethodName}.txt"), figure);
        TestContext.Current.SendDiagnosticMessage("{0}: {1}", test.MethodName, figure);
    }
}
