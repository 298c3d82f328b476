using System.Security.Claims;
using Failback.Saga;

namespace Failback.Web;

/// <summary>Who is signed in, as the saga knows people: a name and roles (D14).</summary>
internal static class Askers
{
    /// <summary>Claim types that <c>Failback:Web</c> maps others to when somebody signs in.</summary>
    public const string Name = "name";
    public const string Role = "role";

    public static Asker ToAsker(this ClaimsPrincipal user) =>
        new(user.FindFirst(Name)?.Value ?? "", [.. user.FindAll(Role).Select(x => x.Value).Distinct(StringComparer.Ordinal)]);
}
