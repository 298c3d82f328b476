using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Failback.Tests;

/// <summary>The spec runs once on each database.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OnBothDatabasesAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([new TheoryDataRow(DatabaseKind.PostgreSql), new TheoryDataRow(DatabaseKind.Sqlite)]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
