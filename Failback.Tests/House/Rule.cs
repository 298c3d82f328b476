namespace Failback.Tests;

/// <summary>A rule of the house names everything that breaks it, not only the first.</summary>
internal static class Rule
{
    public static void Holds(string rule, IEnumerable<string> broken)
    {
        var list = broken.ToList();
        if (list.Count > 0)
            Assert.Fail($"{rule}; broken by\n  {string.Join("\n  ", list)}");
    }
}
