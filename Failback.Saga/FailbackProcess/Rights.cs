using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>What people may do and when, section <c>Failback</c>.</summary>
public sealed class FailbackRules
{
    internal const string Section = "Failback";

    /// <summary>Rights of each role, for example <c>Failback:Roles:operator:0 = failback.start</c>; what is not granted is denied (D14).</summary>
    public Dictionary<string, List<string>> Roles { get; set; } = [];

    /// <summary>Whether a person may start a failback in maintenance mode (D18).</summary>
    public bool ManualDuringMaintenance { get; set; } = true;
}

/// <summary>A misspelt right would deny silently.</summary>
internal sealed class FailbackRulesValidator : IValidateOptions<FailbackRules>
{
    public ValidateOptionsResult Validate(string? name, FailbackRules options)
    {
        var wrong = options
            .Roles.SelectMany(role => role.Value.Where(x => !Rights.All.Contains(x)).Select(_ => role.Key))
            .Distinct()
            .Select(role => $"Failback:Roles:{role}: must be rights out of {string.Join(", ", Rights.All)}")
            .ToList();
        if (options.Roles.ContainsKey(Rights.OwnRole))
            wrong.Add($"Failback:Roles:{Rights.OwnRole}: is built in, choose another name");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}

/// <summary>Roles map to rights by configuration; default deny (D14).</summary>
internal sealed class Rights(IOptionsMonitor<FailbackRules> rules) : IRights
{
    public const string StartFailback = "failback.start";
    public const string StartCopy = "copy.start";
    public const string ControlCopy = "copy.control";
    public const string ReadLog = "log.read";

    /// <summary>May say over HTTP what a controller says on the bus.</summary>
    public const string PublishAsController = "controller.publish";

    /// <summary>The product itself, when it starts a material copy without being asked (D10).</summary>
    public const string OwnRole = "failback";

    public static readonly IReadOnlyList<string> All = [StartFailback, StartCopy, ControlCopy, ReadLog, PublishAsController];

    public bool Allows(IReadOnlyList<string> roles, string right)
    {
        var granted = rules.CurrentValue.Roles;
        return roles.Any(role =>
            (role == OwnRole && right == StartCopy) || (granted.TryGetValue(role, out var rights) && rights.Contains(right))
        );
    }
}
