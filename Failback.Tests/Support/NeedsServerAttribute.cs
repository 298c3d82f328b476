using Xunit.v3;

namespace Failback.Tests;

/// <summary>Marks what needs RabbitMQ or PostgreSQL; <c>./test --quick</c> leaves it out. <see cref="Servers"/> refuses tests without it.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class NeedsServerAttribute : Attribute, ITraitAttribute
{
    public const string Name = "Needs";
    public const string Value = "Server";

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new(Name, Value)];
}
