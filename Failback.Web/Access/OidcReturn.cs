using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Failback.Web;

/// <summary>Somebody comes back from the OpenID provider.</summary>
internal static partial class OidcReturn
{
    public static async Task ReceivedAsync(TicketReceivedContext context)
    {
        var http = context.HttpContext;
        var tokens = context.Properties!.GetTokens().ToDictionary(x => x.Name, x => x.Value);
        var user = http
            .RequestServices.GetRequiredService<Sessions>()
            .OfProvider(
                [.. context.Principal!.Claims],
                tokens.GetValueOrDefault("refresh_token"),
                tokens.GetValueOrDefault("access_token")
            );
        context.HandleResponse();
        if (user is null)
        {
            LogFailed(http.RequestServices.GetRequiredService<ILogger<Sessions>>(), "no name that the audit trail takes");
            http.Response.Redirect(SignIn.Page + "?problem=name");
            return;
        }
        // The tokens stay here: properties are sealed into the cookie.
        await http.SignInAsync(SignIn.Cookie, user, new AuthenticationProperties());
        LogSignedIn(
            http.RequestServices.GetRequiredService<ILogger<Sessions>>(),
            user.ToAsker().Name,
            http.Connection.RemoteIpAddress?.ToString()
        );
        // A strict cookie is not sent along a chain of redirects that another site began; a page of our own begins a new one.
        var to = HtmlEncoder.Default.Encode(AccountEndpoints.Local(context.ReturnUri));
        http.Response.ContentType = "text/html; charset=utf-8";
        await http.Response.WriteAsync(
            $"<!doctype html><html><head><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url={to}\"><title>Failback</title></head><body><a href=\"{to}\">Failback</a></body></html>"
        );
    }

    public static Task FailedAsync(RemoteFailureContext context)
    {
        // The provider's words stay in the log.
        LogFailed(
            context.HttpContext.RequestServices.GetRequiredService<ILogger<Sessions>>(),
            context.Failure?.GetType().Name ?? "unknown"
        );
        context.HandleResponse();
        context.Response.Redirect(SignIn.Page + "?problem=provider");
        return Task.CompletedTask;
    }

    [LoggerMessage(6015, LogLevel.Information, "{Name} signed in at the OpenID provider, from {Remote}")]
    private static partial void LogSignedIn(ILogger logger, string name, string? remote);

    [LoggerMessage(6006, LogLevel.Warning, "Somebody came back from the OpenID provider and could not be signed in: {Fault}")]
    private static partial void LogFailed(ILogger logger, string fault);
}
