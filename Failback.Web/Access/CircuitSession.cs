using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.Extensions.Logging;

namespace Failback.Web;

/// <summary>
/// A circuit outlives the request that opened it: who looks at it is asked again twice a minute, so that rights that were taken away, and a
/// session that ended, are seen within one.
/// </summary>
internal sealed class CircuitSession(ILoggerFactory loggers, ISessions sessions) : RevalidatingServerAuthenticationStateProvider(loggers)
{
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(30);

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState state, CancellationToken token)
    {
        if (await sessions.AgainAsync(state.User, token) is not { } now)
            return false;
        if (now != state.User)
            SetAuthenticationState(Task.FromResult(new AuthenticationState(now)));
        return true;
    }
}
