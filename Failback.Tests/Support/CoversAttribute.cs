namespace Failback.Tests;

/// <summary>The requirements, decisions and failure modes that a test shows: ids of the specification such as R5, D1, F8, I5.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, AllowMultiple = true)]
internal sealed class CoversAttribute(params string[] ids) : Attribute
{
    public IReadOnlyList<string> Ids { get; } = ids;
}
