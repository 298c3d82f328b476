using Microsoft.Extensions.Configuration;

namespace Failback.Saga;

/// <summary>Roles map to rights by configuration (<c>Failback:Roles:ROLE:0 = failback.start</c>); what is not granted is denied (D14).</summary>
internal sealed class Rights(IConfiguration configuration) : IRights
{
    public const string StartFailback = "failback.start";
    public const string StartCopy = "copy.start";

    /// <summary>The product itself, when it starts an automatic material copy (D10).</summary>
    public const string OwnRole = "failback";

    public bool Allows(IReadOnlyList<string> roles, string right) =>
        roles.Any(role =>
            role == OwnRole && right == StartCopy
            || role.Length > 0 && !role.Contains(':') && configuration.GetSection($"Failback:Roles:{role}").GetChildren().Any(x => x.Value == right)
        );
}
