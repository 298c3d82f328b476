using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit.Sdk;
using Xunit.v3;

namespace Failback.Tests;

/// <summary>How many <see cref="RotatingFactAttribute"/> tests of a class one run of <c>./test</c> has; the long programme has all.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PerRunAttribute(int count) : Attribute
{
    public int Count => count;
}

/// <summary>
/// A test too long for every run: of its class, <see cref="PerRunAttribute"/> says how many run, others with each commit
/// (<see cref="Programme.Share"/>). The others are not there at all, so nothing is skipped.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(RotatingFactDiscoverer))]
internal sealed class RotatingFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
    : FactAttribute(file, line)
{
    /// <summary>Not there where <see cref="SmallDisk"/> is not permitted; docs/testing.md says so.</summary>
    public bool NeedsSmallDisk { get; init; }
}

/// <summary>Leaves out what is not this run's turn.</summary>
internal sealed class RotatingFactDiscoverer : FactDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions,
        IXunitTestMethod testMethod,
        IFactAttribute factAttribute
    ) =>
        IsItsTurn(testMethod.Method)
            ? base.Discover(discoveryOptions, testMethod, factAttribute)
            : ValueTask.FromResult<IReadOnlyCollection<IXunitTestCase>>([]);

    private static bool IsItsTurn(MethodInfo method)
    {
        var type = method.ReflectedType!;
        var all = type.GetMethods()
            .Where(x => x.GetCustomAttribute<RotatingFactAttribute>() is { } fact && (!fact.NeedsSmallDisk || SmallDisk.IsPermitted))
            .Select(x => x.Name)
            .Order(StringComparer.Ordinal)
            .ToList();
        return Programme.Share(all, type.GetCustomAttribute<PerRunAttribute>()?.Count ?? all.Count).Contains(method.Name);
    }
}
