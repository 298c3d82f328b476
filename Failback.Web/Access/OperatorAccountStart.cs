using Microsoft.Extensions.Hosting;

namespace Failback.Web;

/// <summary>
/// Makes the operator's account before anybody can connect, and shows its one-time password once: on the console only, since logs are kept.
/// </summary>
internal sealed class OperatorAccountStart(OperatorAccount account) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (account.Make() is { } password)
            await Console.Out.WriteLineAsync(
                $"Sign in as {OperatorAccount.Name} with this password, once, and choose your own: {password}"
            );
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
