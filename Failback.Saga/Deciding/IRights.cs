namespace Failback.Saga;

/// <summary>Roles map to rights by configuration; what is not granted is denied (D14).</summary>
internal interface IRights
{
    /// <summary>Whether one of the roles has the right, for example <c>copy.start</c>.</summary>
    bool Allows(IReadOnlyList<string> roles, string right);
}
