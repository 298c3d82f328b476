using Failback.Saga;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Failback.Web;

/// <summary>
/// Makes the operator's account before anybody can connect, and shows its one-time password once: on the console only, since logs are kept.
/// </summary>
internal sealed partial class OperatorAccountStart(OperatorAccount account, IAsk ask, ILogger<OperatorAccountStart> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (account.Make() is { } password)
            await Console.Out.WriteLineAsync(
                $"Sign in as {OperatorAccount.Name} with this password, once, and choose your own: {password}"
            );
        var asker = new Asker(OperatorAccount.Name, [OperatorAccount.Role]);
        if (!NeedsRightAttribute.All.Any(x => ask.Allows(asker, x)))
            LogNoRights(logger, OperatorAccount.Role);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(
        6018,
        LogLevel.Warning,
        "The operator's account may do nothing: its role {Role} gives no right. Give it some in Failback:Roles, here and at the saga"
    )]
    private static partial void LogNoRights(ILogger logger, string role);
}
