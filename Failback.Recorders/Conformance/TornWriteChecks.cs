using static Failback.Recorders.ConformanceNeeds;
using static Failback.Recorders.ConformanceRun;

namespace Failback.Recorders;

/// <summary>Writes that do not come to their end.</summary>
internal static class TornWriteChecks
{
    public static readonly IReadOnlyList<ConformanceCheck> All =
    [
        new("An_item_cut_short_is_invisible_and_those_before_are_kept", "F1 F4", None, CutShortAsync),
        new("A_source_that_fails_is_told_as_it_is", "F1 F4", None, SourceFailsAsync),
        new("A_content_that_fails_halfway_leaves_no_half_item", "F1 F4", None, ContentFailsAsync),
        new("A_write_given_up_leaves_no_half_item", "F1 A22", None, GivenUpAsync),
        new("A_torn_write_is_completed_by_writing_again", "F1 R36 D7", None, CompletedAsync),
    ];

    private static async Task CutShortAsync(ConformanceRun run)
    {
        var whole = Segment(0, "whole");
        await FaultAsync(
            RecorderFault.BadRequest,
            () => run.Recorder.WriteItemsAsync(run.Video(), Torn(whole, new OddContent("half"u8.ToArray())), run.Token),
            "a content that is shorter than it says"
        );
        await KeptAtMostAsync(run, whole);
    }

    private static async Task SourceFailsAsync(ConformanceRun run)
    {
        var failure = new InvalidDataException("the source broke");
        var whole = Segment(0, "whole");
        await ThrowsAsync(failure, () => run.Recorder.WriteItemsAsync(run.Video(), ThenFail([whole], failure), run.Token));
        await KeptAtMostAsync(run, whole);
    }

    private static async Task ContentFailsAsync(ConformanceRun run)
    {
        var failure = new RecorderException(RecorderFault.Stalled, "the source stalled");
        var whole = Segment(0, "whole");
        await ThrowsAsync(
            failure,
            () => run.Recorder.WriteItemsAsync(run.Video(), Torn(whole, new OddContent("half"u8.ToArray(), failure)), run.Token)
        );
        await KeptAtMostAsync(run, whole);
    }

    private static async Task GivenUpAsync(ConformanceRun run)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(run.Token);
        var failure = new OperationCanceledException(giveUp.Token);
        var whole = Segment(0, "whole");
        try
        {
            await run.Recorder.WriteItemsAsync(run.Video(), Canceling(whole, giveUp), giveUp.Token);
            throw new ConformanceException("a write that was given up did not say so");
        }
        catch (OperationCanceledException)
        {
            await KeptAtMostAsync(run, whole);
        }
    }

    private static async Task CompletedAsync(ConformanceRun run)
    {
        RecordedItem[] items = [.. Enumerable.Range(0, 20).Select(x => Segment(x * 10, $"segment {x}"))];
        var failure = new InvalidDataException("the source broke");
        await ThrowsAsync(failure, () => run.Recorder.WriteItemsAsync(run.Video(), ThenFail(items[..7], failure), run.Token));
        await run.WriteAsync(run.Video(), items);
        await run.HoldsExactlyAsync(run.Video(), items);
    }

    /// <summary>The whole item may be there, now or a little later; the half one never, and writing again completes it.</summary>
    private static async Task KeptAtMostAsync(ConformanceRun run, RecordedItem whole)
    {
        var listed = await run.ListAsync(Day(run.Video()));
        True(listed.All(x => x.Digest == EntryOf(whole).Digest), "no half item is listed");
        await run.WriteAsync(run.Video(), whole, Segment(10, "half of it and the rest"));
        await run.HoldsExactlyAsync(run.Video(), whole, Segment(10, "half of it and the rest"));
    }

    private static async Task ThrowsAsync(Exception expected, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception thrown) when (thrown == expected)
        {
            return;
        }
        catch (Exception other)
        {
            throw new ConformanceException($"the failure of the source came as {other.GetType().Name}: {other.Message}", other);
        }
        throw new ConformanceException("the failure of the source was not thrown on");
    }

    private static async IAsyncEnumerable<ItemContent> Torn(RecordedItem whole, Stream half)
    {
        await foreach (var item in Contents([whole]))
            yield return item;
        yield return new ItemContent(EntryOf(Segment(10, "half of it and the rest")), half);
    }

    private static async IAsyncEnumerable<ItemContent> Canceling(RecordedItem whole, CancellationTokenSource giveUp)
    {
        await foreach (var item in Contents([whole]))
            yield return item;
        await giveUp.CancelAsync();
        yield return new ItemContent(
            EntryOf(Segment(10, "half of it and the rest")),
            new OddContent("half"u8.ToArray(), new OperationCanceledException(giveUp.Token))
        );
    }
}
