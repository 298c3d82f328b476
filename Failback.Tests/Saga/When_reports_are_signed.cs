using Failback.Hosting;
using Failback.Saga;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Failback.Tests;

/// <summary>The key of reports: configured, made beside a SQLite file, or none; a wrong one stops the start.</summary>
[Covers("T25")]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class When_reports_are_signed : CopySpec
{
    private const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly TempFolder folder = new();

    private string KeyFile => folder.File("report.pem");

    private protected override IReadOnlyDictionary<string, string?> Settings
    {
        get
        {
            ReportKeys.Write(KeyFile);
            return new Dictionary<string, string?> { ["Failback:Reports:KeyFile"] = KeyFile };
        }
    }

    [Fact]
    public async Task the_bytes_that_a_worker_made_are_signed_as_they_are()
    {
        await StartAsync(FailedBack());
        var report = await Eventually.Get("it is made", () => Memory.NewestReport, x => x is { Status: ProofStatus.Made });

        var bytes = ScriptedWorker.ReportOf(Worker.Proofs.Single());
        await File.WriteAllTextAsync(folder.File("report.pub"), report!.PublicKey, TestContext.Current.CancellationToken);
        var (open, wrong) = ReportSignature.PublicKey(folder.File("report.pub"));
        using (open)
        {
            Assert.Null(wrong);
            Assert.True(ReportSignature.IsOf(bytes, report.Signature!, open!));
            bytes[3] ^= 1;
            Assert.False(ReportSignature.IsOf(bytes, report.Signature!, open!));
        }
        Assert.DoesNotContain("PRIVATE", $"{report.PublicKey}{report.Signature}");
        folder.Dispose();
    }

    [Fact]
    public async Task beside_a_sqlite_file_a_key_is_made_once_that_nobody_else_may_read()
    {
        var database = $"Data Source={folder.File("failback.db")}";
        var path = folder.File(ReportKey.FileName);
        Assert.Null(Key(database).Sign([1]));
        using (var first = Key(database))
        {
            await first.StartAsync(TestContext.Current.CancellationToken);
            Assert.Equal(OwnersOnly, File.GetUnixFileMode(path));
            var made = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
            using var second = Key(database);
            await second.StartAsync(TestContext.Current.CancellationToken);
            Assert.Equal(made, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
            Assert.Equal(first.Sign([1])!.Value.PublicKey, second.Sign([2])!.Value.PublicKey);
        }
        File.SetUnixFileMode(path, OwnersOnly | UnixFileMode.GroupRead);
        using var exposed = Key(database);
        Assert.Null(exposed.Sign([1]));
        folder.Dispose();
    }

    [Fact]
    public async Task the_key_is_read_when_the_process_starts_and_may_go_then()
    {
        using var key = Key("Host=127.0.0.1;Database=failback", KeyFile);
        await key.StartAsync(TestContext.Current.CancellationToken);
        File.Delete(KeyFile);
        Assert.NotNull(key.Sign([1]));
        folder.Dispose();
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Database=failback")]
    [InlineData("Data Source=:memory:")]
    [InlineData("Data Source=shared;Mode=Memory;Cache=Shared")]
    public async Task elsewhere_none_is_made(string database)
    {
        using var key = Key(database);
        await key.StartAsync(TestContext.Current.CancellationToken);
        Assert.Null(key.Sign([1]));
        folder.Dispose();
    }

    [Fact]
    public void a_key_that_is_none_or_that_others_may_read_stops_the_start_and_is_named()
    {
        var (none, open) = (folder.File("none.pem"), folder.File("open.pem"));
        File.WriteAllText(none, "CANARY");
        File.SetUnixFileMode(none, OwnersOnly);
        ReportKeys.Write(open);
        File.SetUnixFileMode(open, OwnersOnly | UnixFileMode.OtherRead);
        const string allowed = "must be a private key of an elliptic curve as PEM, without a password";
        Assert.Equal([$"Failback:Reports:KeyFile: {allowed}"], Lines(none));
        Assert.Equal([$"Failback:Reports:KeyFile: {allowed}"], Lines(folder.File("nowhere.pem")));
        Assert.Equal(["Failback:Reports:KeyFile: may be read by others; chmod 600 it"], Lines(open));
        folder.Dispose();
    }

    private static IReadOnlyList<string> Lines(string keyFile) =>
        Assert
            .Throws<WrongConfigurationException>(() =>
                FailbackHost.Build(
                    ["--ConnectionStrings:Bus=amqp://127.0.0.1:1", $"--Failback:Reports:KeyFile={keyFile}"],
                    "spec",
                    "http://127.0.0.1:0",
                    (services, configuration) =>
                    {
                        services.AddLogging(x => x.ClearProviders());
                        services.AddFailbackSaga(configuration);
                        services.AddFailbackBus(configuration, bus => bus.AddSagaRoom());
                    }
                )
            )
            .Lines;

    private static ReportKey Key(string database, string? keyFile = null) =>
        new(
            new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Database", database)]).Build(),
            Options.Create(new ReportsOptions { KeyFile = keyFile }),
            NullLogger<ReportKey>.Instance
        );
}
