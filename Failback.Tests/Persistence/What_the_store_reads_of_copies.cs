using Failback.Messages;
using Failback.Saga;
using static Failback.Tests.PersistenceSpec;

namespace Failback.Tests;

/// <summary>The questions that material copies ask of the store, on both databases.</summary>
[NeedsServer]
public sealed class What_the_store_reads_of_copies
{
    private static readonly DateTime Noon = new(2026, 5, 1, 12, 0, 0, DateTimeKind.Utc);

    [Theory, OnBothDatabases]
    [Covers("D10")]
    public async Task entries_whose_automatic_copy_never_began(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        FailoverLogEntry Ended(string recorder, int minute) =>
            EntryRow(recorder, FailbackStatus.Succeeded) with
            {
                FailbackEndedAt = Noon.AddMinutes(minute),
            };
        FailoverLogEntry[] rows =
        [
            Ended("automatic", 3),
            Ended("automatic", 2),
            Ended("automatic", 4) with
            {
                MaterialCopy = MaterialCopyStatus.Canceled,
            },
            Ended("automatic", 5) with
            {
                InheritedBy = Guid.NewGuid(),
            },
            Ended("automatic", 1),
            EntryRow("automatic", FailbackStatus.Failed) with
            {
                FailbackEndedAt = Noon.AddMinutes(6),
            },
            Ended("by a person", 3),
        ];
        await spec.RunAsync([
            new Save(RecorderRow("automatic") with { AutomaticMaterialCopy = true }),
            new Save(RecorderRow("by a person")),
            .. rows.Select(x => new Save(x)),
        ]);

        async Task<IEnumerable<Guid>> Uncopied(int limit) =>
            (await spec.ReadAsync((x, t) => x.UncopiedEntriesAsync(Noon.AddMinutes(1), limit, t))).Select(x => x.EntryId);
        Assert.Equal([rows[1].EntryId, rows[0].EntryId], await Uncopied(100));
        Assert.Equal([rows[1].EntryId], await Uncopied(1));
    }

    [Theory, OnBothDatabases]
    [Covers("R31", "R35")]
    public async Task material_copies_that_wait_for_an_answer_or_of_a_recorder(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        MaterialCopyState[] rows =
        [
            Copy("r1", "Copying", 3, 90),
            Copy("r1", "Queued", 1, null),
            Copy("r1", "Planning", 2, 5),
            Copy("r2", "Planning", 0, 6),
            Copy("r2", "WaitingForSource", 4, 1),
            Copy("r2", "Paused", 5, null),
            Copy("r2", "Succeeded", 6, 0),
            Copy("r2", "Partial", 7, 0),
            Copy("r2", "Failed", 8, 0),
            Copy("r2", "Canceled", 9, 0),
        ];
        await spec.RunAsync([.. rows.Select(x => new Save(x))]);

        async Task<IEnumerable<Guid>> Due(DateTime? before) =>
            (await spec.ReadAsync((x, t) => x.UnansweredCopiesAsync(before, 100, t))).Select(x => x.CorrelationId);
        IEnumerable<Guid> Ids(params int[] which) => which.Select(x => rows[x].CorrelationId);

        Assert.Equal(Ids(1, 2, 0, 4), await Due(Noon.AddMinutes(5)));
        Assert.Equal(Ids(3, 1, 2, 0, 4, 5), await Due(null));
        Assert.Equal(Ids(1, 2, 0), (await spec.ReadAsync((x, t) => x.MaterialCopiesOfAsync("r1", t))).Select(x => x.CorrelationId));
        Assert.Equal(rows[4] with { Version = 1 }, await spec.ReadAsync((x, t) => x.MaterialCopyAsync(rows[4].CorrelationId, t)));
        Assert.Equal(
            Ids(0, 3).Order(),
            (await spec.ReadAsync((x, t) => x.LockMaterialCopiesAsync([.. Ids(3, 0)], t))).Select(x => x.CorrelationId)
        );
        Assert.Empty(await spec.ReadAsync((x, t) => x.LockMaterialCopiesAsync([], t)));
    }

    [Theory, OnBothDatabases]
    [Covers("R35", "I5")]
    public async Task channel_copies_with_their_slices(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        var copy = Copy("r1", "Copying", 3, 90);
        var channels = new[] { 2, 0, 1 }.Select(x => Channel(copy, x)).ToList();
        await spec.RunAsync([new Save(copy), .. channels.Select(x => new Save(x))]);

        var read = await spec.ReadAsync((x, t) => x.ChannelCopiesAsync(copy.CorrelationId, t));
        Assert.Equal(["t0", "t1", "t2"], read.Select(x => x.TrackId));
        Assert.Equivalent(channels[0] with { Version = 1 }, read[2], strict: true);
        Assert.Equal(DateTimeKind.Utc, read[2].Slices[0].DueAt.Kind);
        Assert.Equal(channels[0].Slices, read[2].Slices);

        Guid[] wanted = [.. channels.Select(x => x.ChannelCopyId), Guid.NewGuid(), channels[0].ChannelCopyId];
        Assert.Equal(
            channels.Select(x => x.ChannelCopyId).Order(),
            (await spec.ReadAsync((x, t) => x.LockChannelCopiesAsync(wanted, t))).Select(x => x.ChannelCopyId)
        );
    }

    private static MaterialCopyState Copy(string recorder, string state, int minute, int? due) =>
        new()
        {
            CorrelationId = Guid.NewGuid(),
            RecorderId = recorder,
            CurrentState = state,
            CreatedAt = Noon.AddMinutes(minute),
            AnswerDueAt = due is { } x ? Noon.AddMinutes(x) : null,
        };

    private static ChannelCopy Channel(MaterialCopyState copy, int ordinal) =>
        new()
        {
            ChannelCopyId = Guid.NewGuid(),
            MaterialCopyId = copy.CorrelationId,
            Ordinal = ordinal,
            EntryId = Guid.NewGuid(),
            SourceRecorderId = "s",
            OriginRecorderId = copy.RecorderId,
            Kind = DataKind.Video,
            TrackId = "t" + ordinal,
            From = Noon,
            To = Noon.AddHours(1),
            Position = Noon.AddMicroseconds(7),
            Status = ChannelCopyStatus.Copying,
            Slices =
            [
                new()
                {
                    SliceId = Guid.NewGuid(),
                    From = Noon,
                    To = Noon.AddMinutes(1),
                    DueAt = Noon.AddMinutes(2),
                    Done = true,
                },
            ],
            Missing = [],
            Failure = CopyFailure.HoldLost,
            BytesCopied = 6_000_000_000,
        };
}
