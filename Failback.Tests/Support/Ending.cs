using Microsoft.AspNetCore.Builder;

namespace Failback.Tests;

/// <summary>The end of a host that a spec built in the tests' process.</summary>
internal static class Ending
{
    /// <summary>A host ends by itself within its StopSeconds; one that does not is a failure, and must not hang the whole run.</summary>
    public static readonly TimeSpan Within = TimeSpan.FromMinutes(2);

    /// <summary>Stops it and gives back what it held: each host that is only stopped keeps 12 MB for the rest of the run.</summary>
    public static async Task EndAsync(this WebApplication app)
    {
        await app.StopAsync(CancellationToken.None).WaitAsync(Within);
        await app.DisposeAsync().AsTask().WaitAsync(Within);
    }
}
