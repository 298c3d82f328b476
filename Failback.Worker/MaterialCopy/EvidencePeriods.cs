using Failback.Messages;

namespace Failback.Worker;

/// <summary>What people will ask for first: a minute around each alarm, merged (D13). No I/O, no clock.</summary>
internal sealed class EvidencePeriods
{
    /// <summary>Periods of a plan: beyond that, the two closest become one.</summary>
    public const int Most = 100;
    private static readonly TimeSpan Around = TimeSpan.FromMinutes(1);
    private readonly List<(DateTimeOffset From, DateTimeOffset To)> periods = [];

    /// <summary>In order and apart from each other.</summary>
    public IReadOnlyList<EvidencePeriod> All => [.. periods.Select(x => new EvidencePeriod { From = x.From, To = x.To })];

    public void Add(DateTimeOffset alarm)
    {
        var (from, to) = (alarm - Around, alarm + Around);
        var at = periods.FindIndex(x => x.To >= from);
        at = at < 0 ? periods.Count : at;
        while (at < periods.Count && periods[at].From <= to)
        {
            (from, to) = (Earlier(from, periods[at].From), Later(to, periods[at].To));
            periods.RemoveAt(at);
        }
        periods.Insert(at, (from, to));
        if (periods.Count > Most)
            JoinClosest();
    }

    private void JoinClosest()
    {
        var closest = Enumerable.Range(1, periods.Count - 1).MinBy(i => periods[i].From - periods[i - 1].To);
        periods[closest - 1] = (periods[closest - 1].From, periods[closest].To);
        periods.RemoveAt(closest);
    }

    private static DateTimeOffset Later(DateTimeOffset x, DateTimeOffset y) => x > y ? x : y;

    private static DateTimeOffset Earlier(DateTimeOffset x, DateTimeOffset y) => x < y ? x : y;
}
