using Failback.Messages;
using Failback.Saga;
using Failback.Web;

namespace Failback.Tests;

/// <summary>Actions by state and right, and how states look.</summary>
public sealed class What_the_console_offers
{
    private static readonly DateTimeOffset At = new(2026, 11, 28, 20, 0, 0, TimeSpan.Zero);
    private static readonly string[] All = [AskRights.StartFailback, AskRights.StartCopy, AskRights.ControlCopy, AskRights.ReadLog];

    [Theory]
    [Covers("R16", "R17", "R18", "D14")]
    [InlineData("Succeeded", "None", null, "StartFailback")]
    [InlineData("Succeeded", "Failed", null, "RetryFailback")]
    [InlineData("Succeeded", "Running", null, "CancelFailback")]
    [InlineData("Running", "None", null, "")]
    [InlineData("Failed", "None", null, "")]
    [InlineData("Succeeded", "Unknown", null, "")]
    [InlineData("Succeeded", "Succeeded", null, "StartCopy")]
    [InlineData("Succeeded", "Succeeded", "Queued", "PauseCopy CancelCopy")]
    [InlineData("Succeeded", "Succeeded", "Planning", "PauseCopy CancelCopy")]
    [InlineData("Succeeded", "Succeeded", "Copying", "PauseCopy CancelCopy")]
    [InlineData("Succeeded", "Succeeded", "WaitingForSource", "PauseCopy CancelCopy")]
    [InlineData("Succeeded", "Succeeded", "Paused", "ResumeCopy CancelCopy")]
    [InlineData("Succeeded", "Succeeded", "Partial", "RetryCopy")]
    [InlineData("Succeeded", "Succeeded", "Failed", "RetryCopy")]
    [InlineData("Succeeded", "Succeeded", "Canceled", "RetryCopy")]
    [InlineData("Succeeded", "Succeeded", "Succeeded", "")]
    public void is_what_the_states_allow_and_nothing_without_the_right(string failover, string failback, string? copy, string actions)
    {
        var row = Row(failover, failback, copy);
        Assert.Equal(actions, string.Join(' ', EntryActions.Of(row, All.Contains)));
        Assert.Empty(EntryActions.Of(row, _ => false));
        Assert.Empty(EntryActions.Of(row, x => x == AskRights.ReadLog));
    }

    [Fact]
    [Covers("R48", "D5")]
    public void of_a_copy_whose_report_doubts_its_success_is_to_start_it_again()
    {
        var row = Row("Succeeded", "Succeeded", "Succeeded");
        Assert.False(EntryActions.NeedsAPerson(row));
        Assert.Equal("ok", EntryRow.ToneOf(row));

        var doubted = row with { Entry = row.Entry with { Doubted = true }, Copy = row.Copy! with { Doubted = true } };

        Assert.Equal([EntryAction.RetryCopy], EntryActions.Of(doubted, All.Contains));
        Assert.Empty(EntryActions.Of(doubted, x => x == AskRights.ControlCopy));
        Assert.True(EntryActions.NeedsAPerson(doubted));
        Assert.Equal("bad", EntryRow.ToneOf(doubted));
        Assert.Equal([doubted], EntryActions.Unfinished([row, doubted], All.Contains));
        // It moves again: what the report said is over.
        Assert.False(EntryActions.IsDoubted(doubted with { Copy = doubted.Copy! with { Status = "Copying" } }));
        // Whoever inherited the period is to be started again, not the entry that was closed with it.
        var closed = doubted with
        {
            Entry = row.Entry with { InheritedBy = Guid.NewGuid() },
        };
        Assert.Empty(EntryActions.Of(closed, All.Contains));
        Assert.Equal("bad", EntryRow.ToneOf(closed));
    }

    [Fact]
    [Covers("D6")]
    public void of_an_entry_that_was_closed_with_another_is_nothing()
    {
        var row = Row("Succeeded", "Succeeded", "Copying");
        row = row with { Entry = row.Entry with { InheritedBy = Guid.NewGuid() } };
        Assert.Empty(EntryActions.Of(row, All.Contains));
        Assert.False(EntryActions.MayFetch(row, All.Contains));
        Assert.False(EntryActions.NeedsAPerson(row));
    }

    [Fact]
    [Covers("R48")]
    public void the_first_unfinished_copy_is_of_the_oldest_failover()
    {
        LogRow Begun(int hours, string? copy) =>
            Row("Succeeded", "Succeeded", copy) is var row
                ? row with
                {
                    Entry = row.Entry with { FailoverStartedAt = At.AddHours(hours) },
                }
                : row;
        var rows = new[] { Begun(5, null), Begun(1, "Succeeded"), Begun(3, "Failed"), Begun(2, "Copying"), Begun(4, "Canceled") };
        Assert.Equal([3, 4, 5], EntryActions.Unfinished(rows, All.Contains).Select(x => (x.Entry.FailoverStartedAt - At).TotalHours));
    }

    [Theory]
    [InlineData("Copying", true)]
    [InlineData("Paused", true)]
    [InlineData("Queued", true)]
    [InlineData("Succeeded", false)]
    [InlineData("Canceled", false)]
    public void a_period_can_be_fetched_while_its_copy_is_not_at_its_end(string copy, bool may) =>
        Assert.Equal(may, EntryActions.MayFetch(Row("Succeeded", "Succeeded", copy), All.Contains));

    [Fact]
    public void every_state_is_told_by_a_word_and_an_icon_that_no_other_has()
    {
        string[] states =
        [
            "None",
            "Running",
            "Succeeded",
            "Failed",
            "Queued",
            "Planning",
            "WaitingForSource",
            "Copying",
            "Paused",
            "Partial",
            "Doubted",
            "Canceled",
            "nonsense",
        ];
        foreach (var words in ConsoleWords.Languages.Select(ConsoleWords.In))
        {
            var looks = states.Select(x => StateLook.Of(x, words.States)).ToList();
            Assert.Equal(states.Length, looks.Select(x => x.Word).Distinct().Count());
            Assert.Equal(states.Length, looks.Select(x => x.Icon).Distinct().Count());
        }
    }

    [Fact]
    public void progress_is_by_bytes_else_by_items_and_whole_only_at_the_end()
    {
        var copy = Row("Succeeded", "Succeeded", "Copying").Copy!;
        Assert.Equal(0.25, CopyFigures.Part(copy with { Bytes = 400, BytesDone = 100, Items = 10, ItemsDone = 9 }));
        Assert.Equal(0.9, CopyFigures.Part(copy with { Bytes = 0, Items = 10, ItemsDone = 9 }));
        Assert.Equal(0, CopyFigures.Part(copy with { Bytes = 0, Items = 0 }));
        Assert.Equal(1, CopyFigures.Part(copy with { Status = "Succeeded", Bytes = 0, Items = 0 }));
    }

    private static LogRow Row(string failover, string failback, string? copy)
    {
        var status = Enum.TryParse<MaterialCopyStatus>(copy, out var parsed) ? parsed : MaterialCopyStatus.None;
        var entry = new LogEntryView(
            Guid.NewGuid(),
            "r",
            "f",
            failover,
            At,
            failback,
            null,
            null,
            null,
            null,
            null,
            0,
            null,
            status,
            null,
            "Held",
            false
        );
        var summary = copy is null
            ? null
            : new CopySummary(Guid.NewGuid(), entry.EntryId, "r", copy, At, At, null, 1, null, null, null, null, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        return new(entry, "R", "F", summary);
    }
}
