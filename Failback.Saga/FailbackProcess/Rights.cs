using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>Who may do what (D14): <c>Failback:Roles:ROLE:0 = failback.start</c>. What is not granted is denied.</summary>
public sealed class RightsOptions
{
    /// <summary>Rights by role.</summary>
    public Dictionary<string, string[]> Roles { get; init; } = [];
}

/// <summary>Names every right that does not exist.</summary>
internal sealed class RightsOptionsValidator : IValidateOptions<RightsOptions>
{
    public ValidateOptionsResult Validate(string? name, RightsOptions options)
    {
        var wrong = options
            .Roles.Where(x => x.Value.Except(Rights.All).Any())
            .Select(x => $"Failback:Roles:{x.Key}: its rights must be of {string.Join(", ", Rights.All)}")
            .ToList();
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}

/// <summary>Roles map to rights by configuration (D14).</summary>
internal sealed class Rights(IOptionsMonitor<RightsOptions> options) : IRights
{
    public const string StartFailback = "failback.start";
    public const string StartCopy = "copy.start";
    public static readonly string[] All = [StartFailback, StartCopy, "copy.control", "log.read"];

    /// <summary>The product itself, when it starts an automatic material copy (D10).</summary>
    public const string OwnRole = "failback";

    public bool Allows(IReadOnlyList<string> roles, string right) =>
        roles.Any(role =>
            (role == OwnRole && right == StartCopy)
            || (options.CurrentValue.Roles.TryGetValue(role, out var rights) && rights.Contains(right))
        );
}
