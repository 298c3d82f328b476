using Failback.Messages;
using Failback.Saga;
using static Failback.Tests.When_a_copy_is_proved;
using static Failback.Tests.When_a_report_doubts;

namespace Failback.Tests;

/// <summary>Answers of workers about holds, in whatever order they come (D5, ADR 0027).</summary>
[Covers("D5", "T25")]
public sealed class When_a_hold_is_told : CopySpec
{
    [Theory]
    [InlineData("Placing", true, "", false, "Held")]
    [InlineData("Placing", true, "failed", false, "Placing")] // a release that failed confirms nothing
    [InlineData("Placing", false, "", true, "Placing")]
    [InlineData("Placing", false, "", false, "Placing")]
    [InlineData("Placing", false, "failed", false, "Placing")]
    [InlineData("Held", true, "", false, "Held")]
    [InlineData("Held", false, "failed", false, "Placing")]
    [InlineData("Held", false, "", true, "Placing")] // a release that was asked for before a report kept it
    [InlineData("Held", false, "", false, "Released")] // a person's
    [InlineData("Releasing", false, "", true, "Released")]
    [InlineData("Releasing", false, "", false, "Released")]
    [InlineData("Releasing", true, "failed", true, "Releasing")]
    [InlineData("Releasing", true, "", false, "Releasing")]
    [InlineData("Released", false, "", true, "Released")]
    [InlineData("Released", false, "", false, "Released")]
    [InlineData("Released", true, "", false, "Releasing")] // placed by somebody who was late
    [InlineData("Released", true, "failed", true, "Released")]
    public void it_is_as_told_and_a_late_word_loses_nothing(string hold, bool held, string failure, bool ofTheSaga, string after)
    {
        var entry = FailedBack() with { Hold = Enum.Parse<HoldStatus>(hold), Doubted = true };
        var told = new HoldChanged
        {
            HoldId = entry.EntryId,
            Held = held,
            Failure = failure.Length > 0 ? CopyFailure.FailoverServerStalled : null,
            MaterialCopyId = ofTheSaga ? IdOf(entry) : null,
        };

        var now = FailoverEntries.Hold(entry, told);

        Assert.Equal(after, now.Hold.ToString());
        // Only who lets go by hand knows better than the report.
        Assert.Equal(held || failure.Length > 0 || ofTheSaga || hold == "Placing", now.Doubted);
    }

    /// <summary>A material copy has 64 periods at most: the hold of what is beyond is nobody's to release.</summary>
    [Fact]
    [Covers("D6", "I17")]
    public void what_no_copy_had_keeps_its_hold_when_a_doubt_is_over()
    {
        var entry = FailedBack() with { MaterialCopy = MaterialCopyStatus.Succeeded, Doubted = true, Hold = HoldStatus.Held };
        var older = Enumerable.Range(1, 70).Select(x => FailedBack(server: "fo-2", hour: -4 * x, inheritedBy: entry.EntryId));
        var facts = FactsOf(entry, [.. older]);
        var asked = Proof(Start.AddDays(2), ProofStatus.Asked) with { EntryId = entry.EntryId };

        var effects = CopyProofs.Answered(asked, NotWhole(asked, CoverageMark.Copied) with { Whole = true }, null, [asked], facts);

        var released = effects.OfType<Publish>().Select(x => x.Message).OfType<ReleaseHold>().Select(x => x.HoldId).ToList();
        Assert.Equal(Periods.Most, released.Count);
        Assert.Equal(facts.Periods.Select(x => x.EntryId).Order(), released.Order());
        Assert.Equal(released.Order(), Releasing(effects).Order());
    }

    private static IEnumerable<Guid> Releasing(IEnumerable<Effect> effects) =>
        effects
            .OfType<Save>()
            .Select(x => x.Row)
            .OfType<FailoverLogEntry>()
            .Where(x => x.Hold == HoldStatus.Releasing)
            .Select(x => x.EntryId);
}
