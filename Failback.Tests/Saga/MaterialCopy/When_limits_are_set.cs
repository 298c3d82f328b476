using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>What copying may take, set by a person while it runs.</summary>
[Covers("D13", "D14")]
public sealed class When_limits_are_set : CopySpec
{
    private readonly Queue<CopyChannelData> held = new();

    public When_limits_are_set()
    {
        Worker.Tracks = source => [.. Enumerable.Range(1, 4).Select(x => ScriptedWorker.Line(source, DataKind.Video, $"cam-{x}"))];
        Worker.Answer = work =>
        {
            lock (held)
                held.Enqueue(work);
            return null;
        };
    }

    private protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>
        {
            ["Failback:Copy:SliceSeconds"] = "600",
            ["Failback:Copy:MaxBytesPerSecond"] = "8000000",
            ["Failback:Copy:TimeZone"] = "Europe/Helsinki",
        };

    [Fact]
    public async Task slices_that_are_handed_out_from_then_on_keep_to_them()
    {
        var entry = FailedBack();
        await CopyingAsync(entry, 2);
        Assert.All(Worker.Slices, x => Assert.Equal(4_000_000, x.MaxBytesPerSecond));

        await SetAsync(new Set(Recorder, 2_000_000, ChannelsAtOnce: 2));
        // The second channel copy begins at once.
        await Eventually.Equal("slices of two channel copies", 4, () => Worker.Slices.Count);
        Assert.All(Worker.Slices.Skip(2), x => Assert.Equal(500_000, x.MaxBytesPerSecond));
        await AnswerOneAsync();
        await Eventually.Equal("the next slice", 5, () => Worker.Slices.Count);
        Assert.Equal(500_000, Worker.Slices.Last().MaxBytesPerSecond);

        // The second channel copy steps aside: what it has in flight counts, and it gets no more.
        await SetAsync(new Set(Recorder));
        for (var i = 0; i < 3; i++)
            await AnswerOneAsync();
        await Eventually.Equal("what was in flight counts", 40, () => Memory.Channels.Sum(x => x.Expected));
        await Eventually.Equal("the next slice", 6, () => Worker.Slices.Count);
        Assert.Equal(("cam-1", 4_000_000), (Worker.Slices.Last().TrackId, Worker.Slices.Last().MaxBytesPerSecond));
    }

    [Theory]
    [InlineData(12_000_000, 2_000_000, 6_000_000)]
    [InlineData(400_000, 400_000, 400_000)]
    public async Task the_last_channel_copies_have_the_share_of_those_that_ended(long limit, long first, long last)
    {
        Worker.Answer = ScriptedWorker.Whole;
        await SetAsync(new Set(Recorder, limit, ChannelsAtOnce: 3));
        var entry = FailedBack();
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.Succeeded);
        Assert.Equal((first, last), (Worker.Slices.First().MaxBytesPerSecond!.Value, Worker.Slices.Last().MaxBytesPerSecond!.Value));
    }

    [Fact]
    [Covers("R32")]
    public async Task the_recorders_that_copy_share_the_rate_of_the_site()
    {
        Known("rec-2");
        var (first, second) = (FailedBack(), FailedBack("rec-2"));
        await CopyingAsync(first, 2);
        await StartAsync(second);
        await ReachesAsync(second, CopyStates.Copying);
        await Eventually.Equal("slices of both", 4, () => Worker.Slices.Count);

        await SetAsync(new Set(null, 6_000_000));
        await AnswerOneAsync();
        await Eventually.Equal("the next slice", 5, () => Worker.Slices.Count);
        Assert.Equal(1_500_000, Worker.Slices.Last().MaxBytesPerSecond);

        await SetAsync(new Set("rec-2", 1_000_000), new Set(Recorder, 4_000_000));
        await AnswerOneAsync();
        await AnswerOneAsync();
        await AnswerOneAsync();
        await Eventually.Equal("the next slices", 8, () => Worker.Slices.Count);
        Assert.Equal(
            [(Recorder, 1_500_000L), ("rec-2", 500_000L)],
            Worker.Slices.Skip(5).Select(x => (x.Target.RecorderId, x.MaxBytesPerSecond!.Value)).Distinct().OrderBy(x => x.RecorderId)
        );
    }

    [Fact]
    [Covers("R36")]
    public async Task outside_of_its_hours_nothing_is_handed_out_and_it_goes_on_when_they_begin()
    {
        // It is two in the night in Helsinki.
        var entry = FailedBack();
        await CopyingAsync(entry, 2);
        await SetAsync(new Set(Recorder, Hours: "Mon-Sun 20:00-02:00"));
        var closed = await Eventually.Get("it waits", () => Copy(entry), x => x?.Detail is not null);
        Assert.Equal(("outside of its hours until 2026-03-02 18:00 UTC", CopyStates.Copying), (closed!.Detail, closed.CurrentState));
        await AnswerOneAsync();
        await AnswerOneAsync();
        await Eventually.Equal("what was in flight counts", 20, () => Memory.Channels.Sum(x => x.Expected));
        await ElapseAsync(TimeSpan.FromHours(15));
        await ReconcileAsync();
        Assert.Equal(2, Worker.Slices.Count);

        await ElapseAsync(TimeSpan.FromHours(3));
        await ReconcileAsync();
        await Eventually.Equal("it goes on", 4, () => Worker.Slices.Count);
        Assert.Null(Copy(entry)!.Detail);
    }

    [Fact]
    public async Task what_a_person_fetches_now_comes_at_any_hour()
    {
        var entry = FailedBack();
        await CopyingAsync(entry, 2);
        await SetAsync(new Set(null, Hours: "Sat"));
        await Eventually.Get("it waits", () => Copy(entry), x => x?.Detail is not null);
        await Publish(
            new FetchPeriodNow
            {
                RequestId = Guid.NewGuid(),
                MaterialCopyId = IdOf(entry),
                TrackId = "cam-4",
                From = Start.AddMinutes(30).ToWire(),
                To = Start.AddMinutes(40).ToWire(),
                RequestedBy = "pat",
                Roles = ["operator"],
            }
        );
        await Eventually.Equal("it is handed out", 4, () => Worker.Slices.Count);
        Assert.All(Worker.Slices.Skip(2), x => Assert.Equal("cam-4", x.TrackId));
        for (var i = 0; i < 4; i++)
            await AnswerOneAsync();
        await Eventually.Equal("what was in flight counts", 31, () => Memory.Channels.Sum(x => x.Expected));
        await Eventually.Get("it waits again", () => Copy(entry), x => x?.Detail is not null && x.Urgent.Count == 0);
        Assert.Equal(4, Worker.Slices.Count);
    }

    [Theory]
    [InlineData("guest", Recorder, FailbackReason.Forbidden)]
    [InlineData("operator", "rec-9", FailbackReason.NoRecorder)]
    public async Task who_may_not_or_names_nobody_is_refused_and_audited(string role, string recorder, FailbackReason reason)
    {
        await Publish(Message(new Set(recorder, 5_000)) with { Roles = [role] });
        await Eventually.Equal("it is refused", 1, () => Worker.Rejected.Count);
        Assert.Equal(reason, Worker.Rejected.Single().Reason);
        Assert.Empty(Memory.Limits);
        var note = Memory.Applied.OfType<Note>().Single();
        Assert.Equal(("pat", recorder, reason.ToString()), (note.Who, note.Subject, note.Outcome));
    }

    [Fact]
    [Covers("R15")]
    public async Task a_change_is_told_and_audited()
    {
        await SetAsync(new Set(Recorder, 5_000, 3, "Mon"));
        var note = Memory.Applied.OfType<Note>().Single();
        Assert.Equal(
            ("pat", Recorder, "Accepted", "5000 bytes/s, 3 channels, hours Mon"),
            (note.Who, note.Subject, note.Outcome, note.Detail)
        );
        var told = Memory.Applied.OfType<Tell>().Single();
        Assert.Equal((SystemChangeKind.CopyLimitsChanged, Recorder), (told.Kind, Assert.Single(told.RecorderIds)));
        Assert.Equal(("pat", Start.AddDays(1)), (Memory.Limits.Single().ChangedBy, Memory.Limits.Single().ChangedAt));
    }

    private sealed record Set(string? Recorder, long? MaxBytesPerSecond = null, int? ChannelsAtOnce = null, string? Hours = null);

    private static SetCopyLimits Message(Set set) =>
        new()
        {
            RequestId = Guid.NewGuid(),
            RecorderId = set.Recorder,
            MaxBytesPerSecond = set.MaxBytesPerSecond,
            ChannelsAtOnce = set.ChannelsAtOnce,
            Hours = set.Hours,
            RequestedBy = "pat",
            Roles = ["operator"],
        };

    private async Task SetAsync(params Set[] sets)
    {
        foreach (var set in sets)
        {
            await Publish(Message(set));
            await Eventually.True(
                "the limits are kept",
                () =>
                    Memory.Limits.Any(x =>
                        x.RecorderId == (set.Recorder ?? "")
                        && x.MaxBytesPerSecond == set.MaxBytesPerSecond
                        && x.ChannelsAtOnce == set.ChannelsAtOnce
                        && x.Hours == set.Hours
                    )
            );
        }
    }

    private async Task CopyingAsync(FailoverLogEntry entry, int slices)
    {
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.Copying);
        await Eventually.Equal("slices are in flight", slices, () => Worker.Slices.Count);
    }

    /// <summary>The slice that was handed out first of those that are unanswered is answered.</summary>
    private async Task AnswerOneAsync()
    {
        await Eventually.True(
            "a slice is in flight",
            () =>
            {
                lock (held)
                    return held.Count > 0;
            }
        );
        CopyChannelData work;
        lock (held)
            work = held.Dequeue();
        await Publish(ScriptedWorker.Whole(work));
    }
}
