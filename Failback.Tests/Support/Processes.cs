namespace Failback.Tests;

/// <summary>Our own programs as processes of their own: what a kill or a stop does can only be shown on a real process.</summary>
internal static class Processes
{
    /// <summary>Starts a program of the solution, built in the configuration of the tests.</summary>
    /// <param name="project">The project folder: Failback.Saga, Failback.Worker or Failback.Host.</param>
    /// <param name="environment">Settings, for example ("Failback__Worker__Name", "w1"); added to this process's environment.</param>
    /// <param name="arguments">The command line.</param>
    public static ChildProcess Start(string project, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        ChildProcess.Start("dotnet", [PathOf(project), .. arguments], environment);

    /// <summary>The program's main file.</summary>
    public static string PathOf(string project)
    {
        var folder = Repository.PathOf(project, "bin", Repository.Configuration, "net10.0");
        var assembly = project == "Failback.Host" ? "failback" : project;
        var path = Path.Combine(folder, assembly + ".dll");
        return File.Exists(path) ? path : throw new FileNotFoundException($"{project} is not built: dotnet build {project}", path);
    }
}
