using Failback.Messages;
using Failback.Saga;
using static Failback.Tests.DoorsSpec;
using static Failback.Tests.DoorsTalk;

namespace Failback.Tests;

/// <summary>What the door knows at once: rights, bounds, and that something does not exist; all else is the saga's to decide.</summary>
[NeedsServer]
[Covers("D14")]
public sealed class What_the_door_refuses
{
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
