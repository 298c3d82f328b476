using CsCheck;
using Failback.Recorders;
using Failback.Worker;

namespace Failback.Tests;

[Covers("D7", "D8", "D17", "F7", "F8", "F16")]
public sealed class When_source_and_target_are_compared
{
    private static readonly DateTimeOffset Noon = WorkerSite.Noon;

    /// <summary>Few starts, lengths and digests, so that duplicates, overlaps, nesting and zero length come up all the time.</summary>
    private static readonly Gen<ItemEntry> AnItem = Gen.Select(
        Gen.Int[-5, 20],
        Gen.Int[0, 6],
        Gen.Int[0, 3],
        Gen.Bool,
        (start, length, digest, copied) =>
            new ItemEntry(Noon.AddSeconds(start), TimeSpan.FromSeconds(length), 100, digest.ToString("x32"), copied ? "fo-1" : null)
    );

    private static readonly Gen<List<ItemEntry>> AListing = AnItem.List[0, 25].Select(x => x.OrderBy(y => y, ItemOrder.Instance).ToList());

    [Fact]
    public void writing_what_is_missing_makes_the_target_hold_the_source_or_a_reported_conflict() =>
        Gen.Select(AListing, AListing)
            .Sample(
                (theirs, ours) =>
                {
                    var compared = MissingItems.Compare(false, theirs, ours);
                    var after = ours.Select(Key).ToHashSet();
                    foreach (var item in compared.Where(x => x.Presence == Presence.Missing))
                        after.Add(Key(item.Entry));
                    var conflicts = compared.Where(x => x.Presence == Presence.Conflict).Select(x => Key(x.Entry)).ToHashSet();

                    return theirs.All(x => after.Contains(Key(x)) || conflicts.Contains(Key(x)))
                        && after.All(x => ours.Any(y => Key(y) == x) || theirs.Any(y => Key(y) == x))
                        && conflicts.All(x => ours.Any(y => y.Start == x.Start && y.Digest != x.Digest) && !after.Contains(x))
                        && compared.Count == theirs.Select(Key).Distinct().Count();
                }
            );

    [Fact]
    public void comparing_again_after_writing_finds_nothing_missing() =>
        Gen.Select(AListing, AListing)
            .Sample(
                (theirs, ours) =>
                {
                    var written = MissingItems.Compare(false, theirs, ours).Where(x => x.Presence == Presence.Missing).Select(x => x.Entry);
                    return MissingItems.Compare(false, theirs, [.. ours, .. written]).All(x => x.Presence != Presence.Missing);
                }
            );

    [Fact]
    public void records_of_one_instant_are_never_a_conflict_and_all_end_on_the_target() =>
        Gen.Select(AListing, AListing)
            .Sample(
                (theirs, ours) =>
                    MissingItems
                        .Compare(true, theirs, ours)
                        .All(x => x.Presence == (ours.Any(y => Key(y) == Key(x.Entry)) ? Presence.There : Presence.Missing))
            );

    [Fact]
    public void an_item_overlaps_exactly_when_own_recording_shares_its_time() =>
        Gen.Select(AListing, AListing)
            .Sample(
                (theirs, ours) =>
                    MissingItems
                        .Compare(false, theirs, ours)
                        .All(x => x.Overlap == ours.Any(y => y.SourceRecorderId is null && Key(y) != Key(x.Entry) && ShareTime(x.Entry, y)))
            );

    [Fact]
    public void adjacent_slices_take_every_item_that_meets_the_period_exactly_once() =>
        Gen.Select(AListing, Gen.Int[1, 19].HashSet[0, 5])
            .Sample(
                (items, cuts) =>
                {
                    int[] edges = [0, .. cuts.Order(), 20];
                    var slices = edges.Zip(edges.Skip(1), (from, to) => Slice(from, to, first: from == 0)).ToList();
                    return items.All(x => slices.Count(y => y.Takes(x)) == (Meets(x) ? 1 : 0));
                }
            );

    private static (DateTimeOffset Start, string Digest) Key(ItemEntry item) => (item.Start, item.Digest);

    private static bool ShareTime(ItemEntry x, ItemEntry y) =>
        x.Duration > TimeSpan.Zero && y.Duration > TimeSpan.Zero && x.Start < y.End && y.Start < x.End;

    private static bool Meets(ItemEntry item) =>
        item.Start < Noon.AddSeconds(20) && (item.Start >= Noon || (item.Duration > TimeSpan.Zero && item.End > Noon));

    private static CopyWork Slice(int from, int to, bool first) =>
        WorkerSite.Work(WorkerSite.Job() with { From = Noon.AddSeconds(from), To = Noon.AddSeconds(to), First = first });
}
