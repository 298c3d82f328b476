namespace Failback.Tests;

/// <summary>Where the sources are: tests read project files, documents and approved files from there.</summary>
internal static class Repository
{
    private static readonly string[] NotSources = ["bin", "obj", "out", ".git", ".vs"];

    public static string Root { get; } = Find();

    /// <summary>Debug or Release: the programs that tests start are the ones built beside the tests.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Parent!.Name;

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>Every file of the repository that matches, build output left out; paths are relative with forward slashes, in order.</summary>
    public static IReadOnlyList<string> Files(params string[] endings) =>
        [
            .. Walk(Root)
                .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
                .Where(path => endings.Length == 0 || endings.Any(ending => path.EndsWith(ending, StringComparison.Ordinal)))
                .Order(StringComparer.Ordinal),
        ];

    public static string Read(string relativePath) => File.ReadAllText(Path.Combine(Root, relativePath));

    private static IEnumerable<string> Walk(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
            yield return file;
        foreach (var child in Directory.EnumerateDirectories(folder).Where(x => !NotSources.Contains(Path.GetFileName(x))))
        foreach (var file in Walk(child))
            yield return file;
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Failback.sln")))
                return folder.FullName;
        throw new InvalidOperationException(
            $"Failback.sln is not above {AppContext.BaseDirectory}: run the tests from the repository's build output."
        );
    }
}
