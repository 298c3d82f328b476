using System.Runtime.CompilerServices;
using Failback.Recorders;

namespace Failback.Tests;

/// <summary>The suite finds broken recorders: each defect is caught by the check that is there for it.</summary>
[Covers("D5", "D7", "D8", "D17", "D18", "R13", "F5", "F8", "F13", "I8", "I14")]
public sealed class The_conformance_suite
{
    [Theory]
    [InlineData("ends are inclusive", "A_period_is_half_open")]
    [InlineData("straddlers are forgotten", "Segments_straddling_the_ends_are_listed_whole")]
    [InlineData("pages overlap", "Pages_of_any_size_give_the_same_listing")]
    [InlineData("digests are not compared", "A_wrong_digest_is_not_written_and_the_others_are")]
    [InlineData("conflicts are called created", "Another_content_of_the_same_start_is_a_conflict_and_never_overwrites")]
    [InlineData("source is forgotten", "What_was_written_is_read_byte_for_byte_with_all_that_was_said_of_it")]
    [InlineData("gone items are an error", "Items_come_in_the_order_asked_and_those_that_are_gone_are_left_out")]
    [InlineData("attempts are not compared", "An_older_attempt_puts_nothing")]
    [InlineData("failovers are not compared", "An_earlier_failover_is_over_also_when_it_was_never_seen")]
    [InlineData("compatibility is not checked", "Settings_of_another_format_are_incompatible_and_change_nothing")]
    [InlineData("settings survive release", "Release_makes_it_a_standby_without_settings")]
    [InlineData("only counts are summed up", "A_bucket_is_the_sum_of_what_the_listing_says_of_it")]
    [InlineData("only counts are summed up", "A_sum_changes_with_every_change_of_an_item")]
    [InlineData("the failover is forgotten", "What_was_copied_says_from_where_for_which_failover_when_and_its_digest")]
    [InlineData("holds are ignored", "Holds_are_shown_or_said_to_be_missing")]
    [InlineData("names are trimmed", "Odd_track_ids_are_kept_apart_and_come_back_as_they_are")]
    [InlineData("source failures are swallowed", "A_source_that_fails_is_told_as_it_is")]
    [InlineData("verification skips the last", "Verification_vouches_for_what_was_written_page_by_page")]
    public async Task finds(string defect, string check)
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var broken = stand.Target with { Recorder = new BrokenRecorder(stand.Reference, defect), RestartAsync = null };
        var found = RecorderConformance.Checks.Single(x => x.Name == check);
        await Assert.ThrowsAsync<ConformanceException>(() => found.RunAsync(broken, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task says_when_a_target_does_not_offer_what_a_check_needs()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        var bare = new ConformanceTarget { Recorder = stand.Recorder };
        var needy = RecorderConformance.Checks.Where(x => !x.AppliesTo(bare)).ToList();
        Assert.NotEmpty(needy);
        Assert.All(needy, x => Assert.NotEqual(ConformanceNeeds.None, x.Needs));
        await Assert.ThrowsAsync<ConformanceException>(() => needy[0].RunAsync(bare, TestContext.Current.CancellationToken));
    }

    /// <summary>A good recorder with one defect.</summary>
    private sealed class BrokenRecorder(IRecorder good, string defect) : IRecorder
    {
        private RecorderSettings? kept;

        public Task<RecorderStatus> GetStatusAsync(CancellationToken token) => good.GetStatusAsync(token);

        public async Task<RecorderSettings?> GetSettingsAsync(CancellationToken token) =>
            await good.GetSettingsAsync(token) ?? (defect == "settings survive release" ? kept : null);

        public async Task<string> PutSettingsAsync(RecorderSettings settings, RestoreAttempt attempt, CancellationToken token)
        {
            kept = settings;
            try
            {
                return await good.PutSettingsAsync(settings, Told(attempt), token);
            }
            catch (RecorderException fault)
                when (defect == "attempts are not compared" && fault.Fault == RecorderFault.StaleAttempt
                    || defect == "compatibility is not checked" && fault.Fault == RecorderFault.Incompatible
                )
            {
                return settings.Digest;
            }
        }

        public Task ActivateAsync(RestoreAttempt attempt, CancellationToken token) => good.ActivateAsync(Told(attempt), token);

        public Task ReleaseAsync(RestoreAttempt attempt, CancellationToken token) => good.ReleaseAsync(attempt, token);

        public Task<IReadOnlyList<Channel>> ListChannelsAsync(string originRecorderId, CancellationToken token) =>
            good.ListChannelsAsync(originRecorderId, token);

        public async Task<ItemPage> ListItemsAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token)
        {
            if (defect == "ends are inclusive")
                period = period with { To = period.To.AddTicks(1) };
            var page = await good.ListItemsAsync(Named(period), cursor, limit, token);
            if (defect == "straddlers are forgotten")
                page = page with { Items = [.. page.Items.Where(x => x.Start >= period.From)] };
            if (defect == "pages overlap" && cursor is not null && page.Items.Count > 1)
                page = page with { Items = [page.Items[0], .. page.Items.SkipLast(1)] };
            if (defect == "source is forgotten")
                page = page with { Items = [.. page.Items.Select(x => x with { SourceRecorderId = null })] };
            return page;
        }

        public async IAsyncEnumerable<ItemContent> ReadItemsAsync(
            Track track,
            IReadOnlyList<ItemEntry> items,
            [EnumeratorCancellation] CancellationToken token
        )
        {
            var came = 0;
            await foreach (var item in good.ReadItemsAsync(Named(track), items, token))
            {
                came++;
                yield return item;
            }
            if (defect == "gone items are an error" && came < items.Count)
                throw new RecorderException(RecorderFault.BadRequest, "no such item");
        }

        public async Task<IReadOnlyList<ItemReceipt>> WriteItemsAsync(
            Track track,
            IAsyncEnumerable<ItemContent> items,
            CancellationToken token
        )
        {
            try
            {
                var receipts = await good.WriteItemsAsync(Named(track), items, token);
                return [.. receipts.Select(x => x with { Result = ResultOf(x.Result) })];
            }
            catch (InvalidDataException) when (defect == "source failures are swallowed")
            {
                return [];
            }
        }

        public async Task<ItemPage> VerifyItemsAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token)
        {
            var page = await good.VerifyItemsAsync(Named(period), cursor, limit, token);
            return defect == "verification skips the last" ? page with { Items = [.. page.Items.SkipLast(1)] } : page;
        }

        public async Task<IReadOnlyList<BucketDigest>> DigestItemsAsync(TrackPeriod period, int buckets, CancellationToken token)
        {
            var sums = await good.DigestItemsAsync(Named(period), buckets, token);
            return defect == "only counts are summed up" ? [.. sums.Select(x => x with { Digest = new string('0', 32) })] : sums;
        }

        public async Task<CopiedPage> ListCopiedAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token)
        {
            var page = await good.ListCopiedAsync(Named(period), cursor, limit, token);
            return defect == "the failover is forgotten"
                ? page with
                {
                    Spans = [.. page.Spans.Select(x => x with { EntryId = null })],
                }
                : page;
        }

        public Task HoldAsync(Hold hold, CancellationToken token) =>
            defect == "holds are ignored" ? Task.CompletedTask : good.HoldAsync(hold, token);

        public Task ReleaseHoldAsync(Guid holdId, CancellationToken token) => good.ReleaseHoldAsync(holdId, token);

        public Task<IReadOnlyList<Hold>> ListHoldsAsync(CancellationToken token) => good.ListHoldsAsync(token);

        private WriteResult ResultOf(WriteResult result) =>
            (defect, result) switch
            {
                ("digests are not compared", WriteResult.DigestMismatch) => WriteResult.Created,
                ("conflicts are called created", WriteResult.Conflict) => WriteResult.Created,
                _ => result,
            };

        private RestoreAttempt Told(RestoreAttempt attempt) =>
            defect == "failovers are not compared" ? attempt with { FailoverStartedAt = null } : attempt;

        private TrackPeriod Named(TrackPeriod period) => period with { Track = Named(period.Track) };

        private Track Named(Track track) =>
            defect == "names are trimmed" && track.TrackId.Trim().Length > 0 ? track with { TrackId = track.TrackId.Trim() } : track;
    }
}
