using System.Text.Encodings.Web;
using System.Text.Json;
using Failback.Messages;
using Failback.Saga;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static Failback.Tests.DoorsSpec;
using static Failback.Tests.DoorsTalk;

namespace Failback.Tests;

/// <summary>What the door knows at once: rights, bounds, and that something does not exist; all else is the saga's to decide.</summary>
[NeedsServer]
[Covers("D14")]
public sealed class What_the_door_refuses
{
    private static readonly JsonSerializerOptions Unescaped = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
    private static readonly Guid Key = new("6f9c5f3a-0000-0000-0000-000000000002");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Covers("R18", "I18")]
    public async Task who_may_not_learns_nothing_and_is_in_the_audit(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var (entry, nothing) = (await EntryAsync(spec), Guid.NewGuid());
        await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, Anna, Token);
        var forbidden = new Asked(AskOutcome.Forbidden, Key, FailbackReason.Forbidden);

        Assert.Equal(forbidden, await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, Eve, Token));
        Assert.Equal(forbidden, await spec.Ask.AskAsync(Wishes.Copy(nothing), Key, Eve, Token));
        Assert.Equal(forbidden, await spec.Ask.AskJsonAsync("start-data-copy", Bytes("nonsense"), Key, Eve, Token));
        Assert.Equal(forbidden, await spec.Ask.InspectAsync(nothing, Key, Eve, Token));
        Assert.Equal(forbidden, await spec.Ask.PostAsync("licence-changed", Bytes(LicenceJson), Key, Anna, Token));
        Assert.Equal(forbidden, await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, Controller, Token));

        Assert.Single(await spec.Store.RowsAsync<OutboxMessage>());
        var lines = (await spec.Store.RowsAsync<Audit>()).Where(x => x.Outcome == "Forbidden");
        Assert.Equal(
            [
                .. new[]
                {
                    $"eve start-data-copy {entry.EntryId}",
                    $"eve start-data-copy {nothing}",
                    $"eve start-data-copy {Key}",
                    $"eve inspect-recorders {nothing}",
                    $"anna licence-changed site",
                    $"controller start-data-copy {entry.EntryId}",
                }.Order(),
            ],
            lines.Select(x => $"{x.Who} {x.What} {x.Subject}").Order()
        );
        Assert.True(spec.Ask.Allows(Anna, AskRights.StartCopy));
        Assert.False(spec.Ask.Allows(Anna, AskRights.Controller));
    }

    [Theory, OnBothDatabases]
    [Covers("R18", "I18")]
    public async Task who_may_no_longer_is_told_of_the_same_request_and_of_nothing_else(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var (entry, other, run) = (await EntryAsync(spec), await EntryAsync(spec, "rec-2"), Guid.NewGuid());
        var guest = Anna with { Roles = ["guest"] };
        await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, Anna, Token);
        await spec.Ask.InspectAsync(entry.EntryId, run, Anna, Token);

        Assert.Equal("Repeated ", Said(await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, guest, Token)));
        var json = Bytes($$"""{ "entryId": "{{entry.EntryId}}" }""");
        Assert.Equal("Repeated ", Said(await spec.Ask.AskJsonAsync("start-data-copy", json, Key, guest, Token)));
        Assert.Equal("Repeated ", Said(await spec.Ask.InspectAsync(entry.EntryId, run, guest, Token)));
        Assert.Equal("Forbidden  Forbidden", Said(await spec.Ask.AskAsync(Wishes.Copy(other.EntryId), Key, guest, Token)));
        Assert.Equal("Forbidden  Forbidden", Said(await spec.Ask.InspectAsync(other.EntryId, run, guest, Token)));
        Assert.Equal("Forbidden  Forbidden", Said(await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, Eve, Token)));
        Assert.Equal("Forbidden  Forbidden", Said(await spec.Ask.AskJsonAsync("start-data-copy", Bytes("{"), Key, guest, Token)));

        Assert.Equal((2, 4), ((await spec.Store.RowsAsync<OutboxMessage>()).Count, await ForbiddenAsync()));

        async Task<int> ForbiddenAsync() => (await spec.Store.RowsAsync<Audit>()).Count(x => x.Outcome == "Forbidden");
    }

    [Theory, OnBothDatabases]
    [Covers("T17")]
    public async Task who_asks_in_vain_again_and_again_has_twenty_lines_an_hour_and_one_with_the_number_of_the_others(DatabaseKind kind)
    {
        var time = new FakeTimeProvider(Noon);
        await using var spec = await OpenAsync(kind, x => x.AddSingleton<TimeProvider>(time));
        var wish = Wishes.Copy(Guid.NewGuid());
        for (var i = 0; i < RefusalBudget.Most + 5; i++)
            Assert.Equal(AskOutcome.Forbidden, (await spec.Ask.AskAsync(wish, Guid.NewGuid(), Eve, Token)).Outcome);
        var lines = await spec.Store.RowsAsync<Audit>();
        Assert.Equal(RefusalBudget.Most, lines.Count);
        Assert.Contains("not noted one by one", Assert.Single(lines, x => x.Detail!.Contains(';')).Detail);
        time.Advance(RefusalBudget.Span);
        await spec.Ask.AskAsync(wish, Guid.NewGuid(), Eve with { Name = "mallory" }, Token);
        lines = await spec.Store.RowsAsync<Audit>();
        Assert.Equal(RefusalBudget.Most + 2, lines.Count);
        var more = Assert.Single(lines, x => x.What == RefusalBudget.More);
        Assert.Equal(
            ("eve", "Forbidden", "5 more refusals in the hour from 2026-05-01 12:00:00 UTC"),
            (more.Who, more.Outcome, more.Detail)
        );
    }

    [Fact]
    [Covers("T17")]
    public void of_refusals_it_remembers_a_thousand_people_and_forgets_the_first_with_its_number()
    {
        var budget = new RefusalBudget();
        var now = new DateTimeOffset(Noon);
        Note Of(string who) => new(who, "x", "y", "Forbidden", "z");
        for (var i = 0; i <= RefusalBudget.Most; i++)
            budget.Count(Of("eve"), now);
        for (var i = 1; i < RefusalBudget.MostPeople; i++)
            Assert.Equal([Of($"p{i}")], budget.Count(Of($"p{i}"), now.AddSeconds(1)));
        var notes = budget.Count(Of("last"), now.AddSeconds(2));
        Assert.Equal(["eve", "last"], notes.Select(x => x.Who));
        Assert.StartsWith("1 more refusals", notes[0].Detail);
        // A clock that was set back by a day counts anew.
        Assert.Single(budget.Count(Of("p1"), now.AddDays(-1)));
    }

    [Theory, OnBothDatabases]
    [Covers("T15")]
    public async Task what_is_too_long_in_its_envelope_is_refused_each_time(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var json = Enumerable.Range(1, 128).Select(Snapshot).TakeWhile(x => x.Length <= 64 << 10).Last();
        Assert.InRange(json.Length, 65_000, 64 << 10);
        for (var tried = 0; tried < 2; tried++)
        {
            var said = await spec.Ask.PostAsync("recorder-snapshot", json, Key, Controller, Token);
            Assert.Equal("Invalid ", Said(said));
            Assert.Contains("at most 65536 bytes", said.Allowed);
        }
        Assert.Empty(await spec.Store.RowsAsync<OutboxMessage>());
        Assert.Empty(await spec.Store.RowsAsync<IdempotencyKey>());
        Assert.Empty(await spec.Store.RowsAsync<InboxMessage>());

        static byte[] Snapshot(int idCharacters)
        {
            var failover = (FailoverCompleted)Sample.Of(typeof(FailoverCompleted)) with
            {
                FailedRecorderId = new string('字', idCharacters),
                FailoverServerId = "fo" + new string('字', Math.Min(idCharacters, 126)),
                StartedAt = Noon.ToWire(),
                CompletedAt = Noon.ToWire(),
                Reason = new string('字', 512),
            };
            var snapshot = (RecorderSnapshot)Sample.Of(typeof(RecorderSnapshot)) with { Failovers = [.. Enumerable.Repeat(failover, 32)] };
            snapshot = snapshot with { Configuration = snapshot.Configuration with { Address = "http://10.0.0.7:5011" } };
            return JsonSerializer.SerializeToUtf8Bytes(snapshot, Unescaped);
        }
    }

    [Theory, OnBothDatabases]
    public async Task what_does_not_exist_is_not_asked_for_and_the_key_stays_free(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var entry = await EntryAsync(spec);
        await spec.SaveAsync(Entry("rec-9", 0), Entry("rec-1", 5, "fo-9"));
        var id = Guid.NewGuid();
        object[] requests =
        [
            Wishes.Failback("nobody"),
            Wishes.Failback(entry: id),
            Wishes.Cancel("nobody"),
            Wishes.Copy(id),
            Wishes.Pause(id),
            Wishes.Resume(id),
            Wishes.CancelCopy(id),
            Wishes.Fetch(id),
            Wishes.Limits(2, "nobody"),
        ];
        var said = new List<string>();
        foreach (var request in requests)
            said.Add(Said(await spec.Ask.AskAsync(request, Key, Anna, Token)));
        foreach (var log in (await spec.Read.LogPageAsync(new LogQuery(), Token)).Rows.Where(x => x.Entry.EntryId != entry.EntryId))
            said.Add(Said(await spec.Ask.InspectAsync(log.Entry.EntryId, Key, Anna, Token)));
        said.Add(Said(await spec.Ask.InspectAsync(id, Key, Anna, Token)));

        Assert.Equal(
            [
                "NotFound FailedRecorderId NoRecorder",
                "NotFound EntryId InvalidLogState",
                "NotFound FailedRecorderId NoRecorder",
                "NotFound EntryId InvalidLogState",
                "NotFound MaterialCopyId InvalidLogState",
                "NotFound MaterialCopyId InvalidLogState",
                "NotFound MaterialCopyId InvalidLogState",
                "NotFound MaterialCopyId InvalidLogState",
                "NotFound RecorderId NoRecorder",
                "NotFound FailoverServerId NoFailoverServer",
                "NotFound FailedRecorderId NoRecorder",
                "NotFound EntryId InvalidLogState",
            ],
            said
        );
        Assert.Equal(said.Count, (await spec.Store.RowsAsync<Audit>()).Count);
        Assert.Empty(await spec.Store.RowsAsync<OutboxMessage>());
        Assert.Equal(AskOutcome.Accepted, (await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, Anna, Token)).Outcome);
    }

    [Theory, OnBothDatabases]
    [Covers("T15")]
    public async Task what_breaks_the_bounds_is_refused_by_name_and_leaves_nothing(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var entry = await EntryAsync(spec);

        Assert.Equal("Invalid ChannelsAtOnce", Said(await spec.Ask.AskAsync(Wishes.Limits(65), Key, Anna, Token)));
        Assert.Equal("Invalid Key", Said(await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Guid.Empty, Anna, Token)));
        foreach (var name in new[] { "", " anna", "an\nna", new string('a', 129) })
            Assert.Equal("Invalid Name", Said(await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, Anna with { Name = name }, Token)));
        Assert.Equal(
            "Invalid Roles",
            Said(await spec.Ask.InspectAsync(entry.EntryId, Key, Anna with { Roles = [.. Enumerable.Repeat("operator", 33)] }, Token))
        );
        Assert.Equal(
            "Invalid Roles",
            Said(
                await spec.Ask.PostAsync(
                    "licence-changed",
                    Bytes(LicenceJson),
                    Key,
                    Controller with
                    {
                        Roles = ["controller", "\0"],
                    },
                    Token
                )
            )
        );
        Assert.Equal("Invalid Message", Said(await spec.Ask.AskJsonAsync("licence-changed", Bytes(LicenceJson), Key, Anna, Token)));
        Assert.Equal("Invalid Message", Said(await spec.Ask.PostAsync("start-data-copy", Bytes("{}"), Key, Controller, Token)));
        Assert.Equal("Invalid EntryId", Said(await spec.Ask.AskJsonAsync("start-data-copy", Bytes("{}"), Key, Anna, Token)));
        Assert.Equal(
            "Invalid EntryId",
            Said(await spec.Ask.AskJsonAsync("start-data-copy", Bytes($$"""{ "entryId": "{{Guid.Empty}}" }"""), Key, Anna, Token))
        );
        Assert.Equal(
            "Invalid order",
            Said(
                await spec.Ask.AskJsonAsync("start-data-copy", Bytes($$"""{ "entryId": "{{Key}}", "order": "Never" }"""), Key, Anna, Token)
            )
        );
        Assert.Equal(
            "Invalid roles",
            Said(await spec.Ask.AskJsonAsync("start-data-copy", Bytes($$"""{ "entryId": "{{Key}}", "roles": null }"""), Key, Anna, Token))
        );
        Assert.Equal("Invalid ", Said(await spec.Ask.AskJsonAsync("start-data-copy", new byte[(64 << 10) + 1], Key, Anna, Token)));
        Assert.Equal("Invalid ", Said(await spec.Ask.PostAsync("licence-changed", Bytes("null"), Key, Controller, Token)));
        Assert.Equal(
            "Invalid Version",
            Said(
                await spec.Ask.PostAsync("licence-changed", Bytes("""{ "failoverEnabled": true, "version": -1 }"""), Key, Controller, Token)
            )
        );
        await Assert.ThrowsAsync<ArgumentException>(() =>
            spec.Ask.AskAsync(new LicenceChanged { FailoverEnabled = true, Version = 1 }, Key, Anna, Token)
        );

        Assert.Empty(await spec.Store.RowsAsync<OutboxMessage>());
        Assert.Empty(await spec.Store.RowsAsync<IdempotencyKey>());
        Assert.Empty(await spec.Store.RowsAsync<Audit>());
    }
}
