namespace Failback.Tests;

/// <summary>Which programme runs: the normal one of <c>./test</c>, or the long one of <c>./test --long</c>.</summary>
internal static class Programme
{
    public static bool Long { get; } = Environment.GetEnvironmentVariable("FAILBACK_TEST_LONG") == "1";

    public static bool Ci { get; } = Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>A count, a duration or a range that is larger in the long programme.</summary>
    public static T Pick<T>(T normal, T inTheLongOne) => Long ? inTheLongOne : normal;
}
