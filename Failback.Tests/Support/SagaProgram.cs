namespace Failback.Tests;

/// <summary>The saga as the program that users run, in a process of its own.</summary>
internal sealed class SagaProgram : IAsyncDisposable
{
    private readonly TempFolder folder = new();

    private SagaProgram(Uri bus, PostgresDatabase database, string[] settings)
    {
        File.WriteAllText(folder.File("secret"), new string('s', 40));
        var url = $"http://127.0.0.1:{FreePort.Next()}";
        Process = ChildProcess.Start(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "Failback.Saga.dll"),
                $"--ConnectionStrings:Bus={bus}",
                $"--ConnectionStrings:Database={database.ConnectionString}",
                $"--Failback:Documents:SecretFile={folder.File("secret")}",
                "--Logging:LogLevel:Default=Warning",
                "--Logging:LogLevel:Failback.Hosting=Information",
                $"--urls={url}",
                .. settings,
            ]
        );
        Http = new HttpClient { BaseAddress = new Uri(url) };
    }

    public ChildProcess Process { get; }
    public HttpClient Http { get; }

    public static SagaProgram Start(Uri bus, PostgresDatabase database, params string[] settings) => new(bus, database, settings);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Process.DisposeAsync();
        folder.Dispose();
    }
}
