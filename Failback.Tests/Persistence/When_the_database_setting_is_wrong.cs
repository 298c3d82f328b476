using Failback.Hosting;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>A mistyped connection string stops the start; it never becomes a SQLite file of that name.</summary>
public sealed class When_the_database_setting_is_wrong
{
    [Theory]
    [InlineData("postgres://db/failback?password=CANARY")]
    [InlineData("Hoost=db;Password=CANARY")]
    [InlineData("Data Source=")]
    [InlineData("Password=CANARY")]
    public void the_start_names_it_and_what_is_allowed_and_no_secret(string database)
    {
        var wrong = Assert.Throws<WrongConfigurationException>(() => Build(database));
        var line = Assert.Single(wrong.Lines);
        Assert.StartsWith("ConnectionStrings:Database: must be", line, StringComparison.Ordinal);
        Assert.DoesNotContain("CANARY", line);
    }

    [Theory]
    [InlineData("Host=db;Database=failback")]
    [InlineData("Data Source=failback.db")]
    [InlineData("")]
    public async Task what_names_a_server_or_a_file_is_taken(string database)
    {
        await using var app = Build(database);
        Assert.NotNull(app);
    }

    private static Microsoft.AspNetCore.Builder.WebApplication Build(string database) =>
        FailbackHost.Build(
            [$"--ConnectionStrings:Database={database}"],
            "spec",
            "http://127.0.0.1:0",
            (services, configuration) => services.AddFailbackPersistence(configuration)
        );
}
