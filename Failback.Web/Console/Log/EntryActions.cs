using Failback.Messages;
using Failback.Saga;

namespace Failback.Web;

/// <summary>What a person may want of an entry.</summary>
internal enum EntryAction
{
    StartFailback,
    RetryFailback,
    CancelFailback,
    StartCopy,
    PauseCopy,
    ResumeCopy,
    RetryCopy,
    CancelCopy,
    FetchNow,
}

/// <summary>Pure: which actions an entry's states and a person's rights leave (R16-R18, R48, D14). The saga decides; this only does not offer what it would refuse.</summary>
internal static class EntryActions
{
    private static readonly string[] Underway = ["Queued", "Planning", "WaitingForSource", "Copying"];
    private static readonly string[] Stopped = ["Partial", "Failed", "Canceled", "Doubted"];

    /// <summary>The first is what most would want.</summary>
    public static IReadOnlyList<EntryAction> Of(LogRow row, Func<string, bool> may)
    {
        var entry = row.Entry;
        if (entry.Failover != "Succeeded")
            return [];
        return entry.Failback switch
        {
            "None" when may(AskRights.StartFailback) => [EntryAction.StartFailback],
            "Failed" when may(AskRights.StartFailback) => [EntryAction.RetryFailback],
            "Running" when may(AskRights.StartFailback) => [EntryAction.CancelFailback],
            "Succeeded" when entry.InheritedBy is null => [.. OfCopy(row, may)],
            _ => [],
        };
    }

    /// <summary>Whether a period of the copy can come before the rest (D13).</summary>
    public static bool MayFetch(LogRow row, Func<string, bool> may) =>
        may(AskRights.ControlCopy)
        && row.Entry.InheritedBy is null
        && row.Copy is not null
        && CopyState(row) is var state
        && (Underway.Contains(state) || state == "Paused");

    /// <summary>Whether a given-up channel copy can be tried again by itself (F15); who canceled the copy gave all of it up.</summary>
    public static bool MayRetryChannels(LogRow row, Func<string, bool> may) =>
        may(AskRights.ControlCopy) && row.Entry.InheritedBy is null && row.Copy is not null && CopyState(row) != "Canceled";

    /// <summary>The copy succeeded, and its report says that not everything is home: it can be started again.</summary>
    public static bool IsDoubted(LogRow row) => ShownState(row) == "Doubted";

    /// <summary>The state of the copy as people see it.</summary>
    public static string ShownState(LogRow row) => CopyFigures.ShownState(CopyState(row), row.Copy?.Doubted ?? row.Entry.Doubted);

    /// <summary>Whether a copy of the entry can be started now: the first time, or again after one without success or one that is doubted.</summary>
    public static bool MayStartCopy(LogRow row, Func<string, bool> may) =>
        may(AskRights.StartCopy)
        && row.Entry is { Failback: "Succeeded", InheritedBy: null }
        && ShownState(row) is var state
        && (state == "None" || Stopped.Contains(state));

    /// <summary>
    /// The copy's own state; without a copy, what the log says. Of a closed entry the log says that it succeeded before anything came
    /// home (R26), so there it is the state of the copy that inherited it (D6).
    /// </summary>
    public static string CopyState(LogRow row) =>
        row.Copy?.Status ?? (row.Entry.InheritedBy is null ? row.Entry.MaterialCopy : MaterialCopyStatus.None).ToString();

    /// <summary>Somebody has to do something before the footage is home.</summary>
    public static bool NeedsAPerson(LogRow row) =>
        row.Entry is { Failover: "Succeeded", Failback: "None" or "Failed" }
        || (
            row.Entry is { Failback: "Succeeded", InheritedBy: null }
            && ShownState(row) is var state
            && (state is "None" or "Paused" || Stopped.Contains(state))
        );

    /// <summary>The order of the first unfinished copy (R48): the oldest failover first.</summary>
    public static IReadOnlyList<LogRow> Unfinished(IEnumerable<LogRow> rows, Func<string, bool> may) =>
        [.. rows.Where(x => MayStartCopy(x, may)).OrderBy(x => x.Entry.FailoverStartedAt).ThenBy(x => x.Entry.EntryId)];

    private static IEnumerable<EntryAction> OfCopy(LogRow row, Func<string, bool> may)
    {
        var (state, control) = (CopyState(row), may(AskRights.ControlCopy));
        if (state == nameof(MaterialCopyStatus.None) && may(AskRights.StartCopy))
            yield return EntryAction.StartCopy;
        if (Underway.Contains(state) && control)
            yield return EntryAction.PauseCopy;
        if (state == "Paused" && control)
            yield return EntryAction.ResumeCopy;
        if ((Underway.Contains(state) || state == "Paused") && control)
            yield return EntryAction.CancelCopy;
        if (IsDoubted(row) ? may(AskRights.StartCopy) : Stopped.Contains(state) && (control || may(AskRights.StartCopy)))
            yield return EntryAction.RetryCopy;
    }
}
