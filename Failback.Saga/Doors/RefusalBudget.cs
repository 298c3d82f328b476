namespace Failback.Saga;

/// <summary>
/// Which refusals of a person for want of a right stand in the audit trail (D14): the first of an hour one by one, of those after them
/// their number, written with the first refusal of anybody after that hour. In memory and bounded; a number that a process had not written
/// when it ended is lost, and the last one that was noted says that there may be more.
/// </summary>
internal sealed class RefusalBudget
{
    public const int Most = 20;
    public const int MostPeople = 1_000;

    /// <summary>As the audit trail calls those that were only counted.</summary>
    public const string More = "more refusals";
    public static readonly TimeSpan Span = TimeSpan.FromHours(1);
    private readonly Lock gate = new();
    private readonly Dictionary<string, (DateTimeOffset Since, int Count)> people = new(StringComparer.Ordinal);

    /// <returns>What has to be written: the refusal, unless it is one too many, and what was counted of hours that are over.</returns>
    public IReadOnlyList<Note> Count(Note refusal, DateTimeOffset now)
    {
        lock (gate)
        {
            // A clock that was set back must not count for longer than ever meant.
            var over = people.Where(x => (now - x.Value.Since).Duration() >= Span).ToList();
            if (over.Count == 0 && people.Count >= MostPeople && !people.ContainsKey(refusal.Who))
                over = [people.MinBy(x => x.Value.Since)];
            foreach (var person in over)
                people.Remove(person.Key);
            var (since, count) = people.GetValueOrDefault(refusal.Who, (now, 0));
            people[refusal.Who] = (since, ++count);
            var sums = over.Where(x => x.Value.Count > Most).Select(x => Sum(x.Key, x.Value.Since, x.Value.Count - Most, refusal.Outcome));
            return count switch
            {
                < Most => [.. sums, refusal],
                Most => [.. sums, refusal with { Detail = $"{refusal.Detail}; more within an hour are counted and not noted one by one" }],
                _ => [.. sums],
            };
        }
    }

    private static Note Sum(string who, DateTimeOffset since, int count, string outcome) =>
        new(who, More, "site", outcome, $"{count} more refusals in the hour from {since:yyyy-MM-dd HH:mm:ss} UTC");
}
