namespace Failback.Tests;

/// <summary>
/// The broker and the database that the specs of this process share: the addresses in <c>FAILBACK_TEST_RABBITMQ</c>,
/// <c>FAILBACK_TEST_RABBITMQ_MANAGEMENT</c> and <c>FAILBACK_TEST_POSTGRES</c>; where they are missing, a private pair that
/// <c>eng/servers</c> starts once and that ends with this process. Under <c>CI=true</c> missing addresses fail.
/// Each spec takes a virtual host and a database of its own.
/// </summary>
internal static class Servers
{
    private static readonly Lazy<Task<ServerAddresses>> Shared = new(FindAsync);

    /// <summary>A fresh virtual host with full rights for guest; dispose it to delete it with its queues.</summary>
    public static async Task<RabbitVhost> NewVhostAsync()
    {
        RefuseTestsThatDoNotSaySo();
        return await RabbitVhost.CreateAsync(await Shared.Value);
    }

    /// <summary>A fresh, empty PostgreSQL database; dispose it to drop it.</summary>
    public static async Task<PostgresDatabase> NewDatabaseAsync()
    {
        RefuseTestsThatDoNotSaySo();
        return await PostgresDatabase.CreateAsync((await Shared.Value).Postgres);
    }

    private static async Task<ServerAddresses> FindAsync()
    {
        if (ServerAddresses.FromEnvironment() is { } given)
            return given;
        if (Programme.Ci)
            throw new InvalidOperationException($"CI=true, but {ServerAddresses.Names} are not set: start the tests with ./test.");
        // Not disposed: eng/servers cleans up when this process is gone, however it ends.
        return (await PrivateServers.StartAsync()).Addresses;
    }

    private static void RefuseTestsThatDoNotSaySo()
    {
        if (TestContext.Current.TestCase?.Traits is not { } traits)
            return;
        if (!traits.TryGetValue(NeedsServerAttribute.Name, out var values) || !values.Contains(NeedsServerAttribute.Value))
            throw new InvalidOperationException(
                "This test uses a server: mark it or its class with [NeedsServer], else ./test --quick is not quick."
            );
    }
}

/// <summary>Where a broker and a database answer.</summary>
internal sealed record ServerAddresses(Uri RabbitMq, Uri Management, string Postgres)
{
    public const string Names = "FAILBACK_TEST_RABBITMQ, FAILBACK_TEST_RABBITMQ_MANAGEMENT and FAILBACK_TEST_POSTGRES";

    public static ServerAddresses? FromEnvironment() => From(Environment.GetEnvironmentVariable);

    public static ServerAddresses? From(Func<string, string?> variable)
    {
        var (bus, management, database) = (
            variable("FAILBACK_TEST_RABBITMQ"),
            variable("FAILBACK_TEST_RABBITMQ_MANAGEMENT"),
            variable("FAILBACK_TEST_POSTGRES")
        );
        if (string.IsNullOrEmpty(bus) || string.IsNullOrEmpty(management) || string.IsNullOrEmpty(database))
            return null;
        return new ServerAddresses(new Uri(bus), new Uri(management), database);
    }
}
