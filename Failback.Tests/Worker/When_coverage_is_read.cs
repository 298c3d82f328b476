using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;

namespace Failback.Tests;

/// <summary>What is said to be home is what is there: each mark, each count, each stretch.</summary>
[Covers("D7", "D17", "F6", "F7", "F8", "I1", "I2", "T25")]
public sealed class When_coverage_is_read : CoverageSpec
{
    [Fact]
    public async Task every_item_has_the_mark_of_what_became_of_it()
    {
        var ten = site.RecordTenSegments();
        Home(ten[0], "fo-1");
        Home(ten[1], "fo-1");
        Home(ten[2], null);
        // 3 is missing, 4 in conflict, 5 damaged at the source, 6 damaged on the recorder.
        site.Recorder.Add(WorkerSite.Video, ten[4].Start, Ten, WorkerSite.Bytes(99));
        site.FailoverServer.Deliver = (entry, bytes, _) => ValueTask.FromResult<byte[]?>(entry == ten[5] ? Flipped(bytes) : bytes);
        site.Recorder.AddAs(WorkerSite.Video, ten[6] with { SourceRecorderId = "fo-1" }, Flipped(WorkerSite.Bytes(6)));
        foreach (var item in ten.Skip(7))
            Home(item, "fo-1");
        site.Recorder.Add(WorkerSite.Video, Noon.AddSeconds(100), Ten, WorkerSite.Bytes(100));

        var report = await ReadAsync();

        var track = Assert.Single(report.Tracks);
        Assert.Equal(("Front door", "fo-1", DataKind.Video), (track.Name, track.SourceRecorderId, track.Kind));
        Assert.Equal(
            new Dictionary<CoverageMark, long>
            {
                [CoverageMark.RecorderOnly] = 2,
                [CoverageMark.Same] = 1,
                [CoverageMark.Copied] = 5,
                [CoverageMark.Conflict] = 1,
                [CoverageMark.DamagedAtSource] = 1,
                [CoverageMark.DamagedAtRecorder] = 1,
                [CoverageMark.Missing] = 1,
            },
            track.Items
        );
        Assert.All(track.Items, x => Assert.Equal(100 * x.Value, track.Bytes[x.Key]));
        Assert.Equal(
            [
                (0, 20, CoverageMark.Copied, 2, 2),
                (20, 30, CoverageMark.Same, 1, 1),
                (30, 40, CoverageMark.Missing, 1, 0),
                (40, 50, CoverageMark.Conflict, 2, 1),
                (50, 60, CoverageMark.DamagedAtSource, 1, 0),
                (60, 70, CoverageMark.DamagedAtRecorder, 1, 1),
                (70, 100, CoverageMark.Copied, 3, 3),
                (100, 110, CoverageMark.RecorderOnly, 1, 1),
            ],
            track.Spans.Select(x => ((int)(x.From - Noon).TotalSeconds, (int)(x.To - Noon).TotalSeconds, x.Mark, (int)x.Items, (int)x.Held))
        );
        Assert.Equal(
            [
                (ten[3].Start, CoverageMark.Missing),
                (ten[4].Start, CoverageMark.Conflict),
                (ten[5].Start, CoverageMark.DamagedAtSource),
                (ten[6].Start, CoverageMark.DamagedAtRecorder),
            ],
            track.Faults.Select(x => (x.Start, x.Mark))
        );
        Assert.False(report.IsWhole);
    }

    [Fact]
    public async Task a_report_of_what_is_home_is_whole_comes_back_from_its_file_and_has_one_root()
    {
        foreach (var item in site.RecordTenSegments())
            Home(item, "fo-1");

        var report = await ReadAsync();
        var read = CoverageReport.FromJson(report.ToJson());

        Assert.True(report.IsWhole);
        Assert.True(read.IsConsistent);
        Assert.Equal(report.ToJson(), read.ToJson());
        var leaves = site
            .Recorder.EntriesOf(WorkerSite.Video)
            .Select(x => CoverageRoot.Leaf(x, System.Security.Cryptography.SHA256.HashData(site.Recorder.BytesOf(WorkerSite.Video, x))));
        Assert.Equal(The_root_of_a_coverage.Naive([.. leaves]), Assert.Single(report.Tracks).Root);
    }

    [Fact]
    public async Task listings_alone_are_compared_without_reading_a_byte()
    {
        foreach (var item in site.RecordTenSegments())
            Home(item, "fo-1");

        var report = await ReadAsync(CoverageEvidence.Listings);

        Assert.True(report.IsWhole);
        Assert.Empty(await CheckAsync(report));
        Assert.DoesNotContain("ReadItems", site.Recorder.Calls.Concat(site.FailoverServer.Calls));
    }

    /// <summary>Every second item is missing: more stretches than are kept.</summary>
    [Fact]
    public async Task a_track_in_shreds_is_counted_exactly_in_bounded_stretches()
    {
        const int items = 2 * CoverageTrack.MostSpans + 500;
        (site.FailoverServer.PageSize, site.Recorder.PageSize) = (Limits.ItemsPerPage, Limits.ItemsPerPage);
        for (var i = 0; i < items; i++)
        {
            var entry = new ItemEntry(Noon.AddMilliseconds(i), TimeSpan.FromMilliseconds(1), 0, $"{i:x32}");
            site.FailoverServer.AddAs(WorkerSite.Video, entry, []);
            if (i % 2 == 0)
                site.Recorder.AddAs(WorkerSite.Video, entry with { SourceRecorderId = "fo-1" }, []);
        }

        var track = Assert.Single((await ReadAsync(CoverageEvidence.Listings)).Tracks);

        Assert.Equal((items / 2, items / 2), ((int)track.ItemsOf(CoverageMark.Copied), (int)track.ItemsOf(CoverageMark.Missing)));
        Assert.Equal(CoverageTrack.MostSpans, track.Spans.Count);
        Assert.Equal(items, track.Spans.Sum(x => x.Items));
        Assert.Equal(CoverageMark.Missing, track.Spans[^1].Mark);
        Assert.Equal(CoverageTrack.MostFaults, track.Faults.Count);
    }

    [Fact]
    public async Task names_of_what_is_not_home_are_shared_by_all_tracks()
    {
        site.FailoverServer.Channels.Add(new Channel("cam-8", "", 8, [TrackKind.Video]));
        foreach (var track in new[] { WorkerSite.Video, WorkerSite.Video with { TrackId = "cam-8" } })
            for (var i = 0; i < 5; i++)
                site.FailoverServer.Add(track, Noon.AddSeconds(i), TimeSpan.FromSeconds(1), [1, (byte)i]);
        MostFaults = 7;

        var tracks = (await ReadAsync(CoverageEvidence.Listings)).Tracks;

        Assert.Equal([5, 2], tracks.Select(x => x.Faults.Count));
        Assert.Equal([5, 5], tracks.Select(x => x.ItemsOf(CoverageMark.Missing)));
    }

    [Fact]
    public async Task two_records_of_one_instant_are_two_records()
    {
        var alarms = new Track("rec-1", TrackKind.Alarm, "alarm-1");
        site.FailoverServer.Channels[0] = new Channel("alarm-1", "", 1, [TrackKind.Alarm]);
        site.FailoverServer.Add(alarms, Noon, TimeSpan.Zero, [1]);
        var second = site.FailoverServer.Add(alarms, Noon, TimeSpan.Zero, [2]);
        site.Recorder.AddAs(alarms, second with { SourceRecorderId = "fo-1" }, [2]);

        var track = Assert.Single((await ReadAsync()).Tracks);

        Assert.Equal((1, 1), ((int)track.ItemsOf(CoverageMark.Copied), (int)track.ItemsOf(CoverageMark.Missing)));
        Assert.Equal((Noon, Noon.AddTicks(1), CoverageMark.Missing), track.Spans.Select(x => (x.From, x.To, x.Mark)).Single());
    }

    /// <summary>Its disk is new, or the hold is over: what it lists now is not what has to be home.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task a_source_that_lost_what_was_counted_proves_nothing(bool allOfIt)
    {
        var ten = site.RecordTenSegments();
        foreach (var item in ten)
            Home(item, "fo-1");
        var counted = new CountedTrack
        {
            EntryId = WorkerSite.Entry,
            SourceRecorderId = "fo-1",
            Kind = DataKind.Video,
            TrackId = "cam-7",
            Items = 10,
        };
        Assert.True((await ReadAsync(CoverageEvidence.Contents, counted)).IsWhole);
        if (allOfIt)
            site.FailoverServer.Channels.Clear();
        foreach (var item in allOfIt ? ten : ten.Take(1))
            site.FailoverServer.Remove(WorkerSite.Video, item);

        var report = await ReadAsync(CoverageEvidence.Contents, counted);

        var track = Assert.Single(report.Tracks);
        Assert.Equal((allOfIt ? 0 : 9, 10), (track.SourceItems, track.CountedItems));
        Assert.False(report.IsWhole);
        Assert.False((await ReadAsync(CoverageEvidence.Contents)) is { Tracks.Count: 0, IsWhole: true });
    }

    [Fact]
    public async Task a_time_in_which_nobody_recorded_is_in_no_stretch()
    {
        foreach (var item in site.RecordTenSegments().Where(x => x.Start != Noon.AddSeconds(40)))
            Home(item, "fo-1");
        site.FailoverServer.Remove(WorkerSite.Video, site.FailoverServer.EntriesOf(WorkerSite.Video)[4]);

        Assert.Equal(
            [(0, 40), (50, 100)],
            Assert
                .Single((await ReadAsync()).Tracks)
                .Spans.Select(x => ((int)(x.From - Noon).TotalSeconds, (int)(x.To - Noon).TotalSeconds))
        );
    }

    [Fact]
    public async Task the_same_content_under_another_duration_or_length_is_not_home()
    {
        var ten = site.RecordTenSegments();
        foreach (var item in ten.Skip(2))
            Home(item, "fo-1");
        Home(ten[0] with { Duration = TimeSpan.FromSeconds(1) }, "fo-1");
        Home(ten[1] with { Length = 99 }, "fo-1");

        Assert.Equal(2, Assert.Single((await ReadAsync(CoverageEvidence.Listings)).Tracks).ItemsOf(CoverageMark.Conflict));
        var read = Assert.Single((await ReadAsync()).Tracks);
        Assert.Equal((1, 1), (read.ItemsOf(CoverageMark.Conflict), read.ItemsOf(CoverageMark.DamagedAtRecorder)));
    }

    [Fact]
    public async Task what_cannot_be_an_item_is_damaged_at_the_source_and_not_there_at_the_recorder()
    {
        ItemEntry[] unsound =
        [
            new(Noon, Ten, -1, new string('a', 32)),
            new(Noon.AddSeconds(10), -Ten, 1, new string('b', 32)),
            new(Noon.AddSeconds(20), Ten, 1, "NO DIGEST"),
            new(Noon.AddSeconds(30), Ten, 1, null!),
            new(Noon.AddSeconds(40), TimeSpan.MaxValue, long.MaxValue, new string('c', 32)),
        ];
        foreach (var item in unsound)
        {
            site.FailoverServer.AddAs(WorkerSite.Video, item, [1]);
            site.Recorder.AddAs(WorkerSite.Video, item with { SourceRecorderId = "fo-1" }, [1]);
        }

        foreach (var evidence in Enum.GetValues<CoverageEvidence>())
            Assert.Equal(
                new Dictionary<CoverageMark, long> { [CoverageMark.DamagedAtSource] = unsound.Length },
                Assert.Single((await ReadAsync(evidence)).Tracks).Items
            );
    }

    /// <summary>One bad read is a bad line; an answer that is torn names the item that tears it, and no other.</summary>
    [Fact]
    public async Task nobody_is_accused_after_one_bad_read()
    {
        var ten = site.RecordTenSegments();
        foreach (var item in ten.Skip(1))
            Home(item, "fo-1");
        var reads = 0;
        site.Recorder.Deliver = (entry, bytes, _) =>
            entry.Start == ten[3].Start && reads++ == 0 ? ValueTask.FromResult<byte[]?>(Flipped(bytes))
            : entry.Start == ten[6].Start ? throw new RecorderException(RecorderFault.BadAnswer, "torn")
            : ValueTask.FromResult<byte[]?>(bytes);

        var track = Assert.Single((await ReadAsync()).Tracks);

        Assert.Equal(
            [(ten[0].Start, CoverageMark.Missing), (ten[6].Start, CoverageMark.DamagedAtRecorder)],
            track.Faults.Select(x => (x.Start, x.Mark))
        );
    }

    [Fact]
    public async Task a_recorder_that_does_not_answer_is_named()
    {
        site.RecordTenSegments();
        site.Recorder.Before = (call, _) =>
            call == "ListItems" ? throw new RecorderException(RecorderFault.Unreachable, "no connection") : Task.CompletedTask;
        Assert.Contains("rec-1", (await Assert.ThrowsAsync<CoverageException>(() => ReadAsync())).Message);

        site.FailoverServer.AnswersAs = "somebody";
        Assert.Contains("somebody", (await Assert.ThrowsAsync<CoverageException>(() => ReadAsync())).Message);
    }
}
