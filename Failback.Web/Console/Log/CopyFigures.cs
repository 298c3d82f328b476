using Failback.Saga;

namespace Failback.Web;

/// <summary>Pure: how far a copy is.</summary>
internal static class CopyFigures
{
    /// <summary>The most that is said of what did not succeed.</summary>
    public const double AlmostAll = 0.999;

    /// <summary>The last numbers of each copy.</summary>
    public static Dictionary<Guid, CopySummary> ById(IReadOnlyList<CopyNews> news)
    {
        var copies = new Dictionary<Guid, CopySummary>();
        foreach (var one in news)
            copies[one.Copy.MaterialCopyId] = one.Copy;
        return copies;
    }

    /// <summary>The state of a copy as people see it: one that succeeded and whose report says that not everything is home is no success.</summary>
    public static string ShownState(CopySummary copy) => ShownState(copy.Status, copy.Doubted);

    public static string ShownState(string state, bool doubted) => doubted && state == "Succeeded" ? "Doubted" : state;

    /// <summary>By bytes; by items where nobody knows bytes; 0 before it was planned. Below 1 until everything is settled.</summary>
    public static double Part(CopySummary copy)
    {
        if (copy.Status == "Succeeded")
            return 1;
        var (done, all) = copy.Bytes > 0 ? (copy.BytesDone, copy.Bytes) : (copy.ItemsDone, copy.Items);
        return all <= 0 ? 0 : Math.Clamp((double)done / all, 0, AlmostAll);
    }

    /// <summary>Items that the source had and the recorder lacks; of a canceled copy also what nobody asks for any more.</summary>
    public static long Missing(CopySummary copy) =>
        copy.Status == "Canceled" ? Math.Max(copy.ItemsMissing, copy.Items - copy.ItemsDone - copy.Conflicts) : copy.ItemsMissing;

    /// <summary>Nothing more of it comes.</summary>
    public static bool HasEnded(CopySummary? copy) => copy?.Status is "Succeeded" or "Partial" or "Failed" or "Canceled";
}
