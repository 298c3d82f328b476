using System.Text.Json;
using Failback.Messages;
using Failback.Saga;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static Failback.Tests.DoorsSpec;
using static Failback.Tests.DoorsTalk;

namespace Failback.Tests;

/// <summary>A request becomes a key, an audit line and an outbox row at once, whatever is away, and once, however often it is sent.</summary>
[NeedsServer]
[Covers("D14", "I9")]
public sealed class When_something_is_asked_through_the_door
{
    private static readonly Guid Key = new("6f9c5f3a-0000-0000-0000-000000000001");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Covers("I18")]
    public async Task it_waits_in_the_outbox_under_its_key_and_in_the_name_of_who_asked(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var entry = await EntryAsync(spec);
        var asked = new StartDataCopy
        {
            RequestId = Guid.NewGuid(),
            EntryId = entry.EntryId,
            RequestedBy = "somebody else",
            Roles = ["everything"],
            Order = PeriodOrder.NewestFirst,
        };

        Assert.Equal(new Asked(AskOutcome.Accepted, Key), await spec.Ask.AskAsync(asked, Key, Anna, Token));

        var sent = Assert.Single(await spec.Store.RowsAsync<OutboxMessage>());
        Assert.Equal(DerivedId.Of("asked", Key), sent.MessageId);
        var message = Sent<StartDataCopy>(sent);
        Assert.Equal((Key, "anna", PeriodOrder.NewestFirst), (message.RequestId, message.RequestedBy, message.Order));
        Assert.Equal(["operator"], message.Roles);
        Assert.Equal("somebody else", asked.RequestedBy);
        var line = Assert.Single(await spec.Store.RowsAsync<Audit>());
        Assert.Equal(
            ("anna", "start-data-copy", entry.EntryId.ToString(), "Asked", $"request {Key}"),
            (line.Who, line.What, line.Subject, line.Outcome, line.Detail)
        );
        var view = (await spec.Ask.RequestAsync(Key, Token))!;
        Assert.Equal(
            (Key, "start-data-copy", "anna", "Pending", null),
            (view.Key, view.Request, view.AskedBy, view.Outcome, view.DecidedAt)
        );
        Assert.Null(await spec.Ask.RequestAsync(Guid.NewGuid(), Token));
    }

    [Theory, OnBothDatabases]
    [Covers("E5")]
    public async Task twenty_at_once_under_one_key_are_one(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var entry = await EntryAsync(spec);

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => Task.Run(() => spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, Anna, Token)))
        );

        Assert.Equal(1, answers.Count(x => x == new Asked(AskOutcome.Accepted, Key)));
        Assert.Equal(19, answers.Count(x => x == new Asked(AskOutcome.Repeated, Key)));
        Assert.Single(await spec.Store.RowsAsync<OutboxMessage>());
        Assert.Single(await spec.Store.RowsAsync<IdempotencyKey>());
        Assert.Single(await spec.Store.RowsAsync<Audit>());
    }

    [Theory, OnBothDatabases]
    public async Task the_same_again_is_repeated_and_anything_else_under_its_key_is_refused(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var (entry, other) = (await EntryAsync(spec), await EntryAsync(spec, "rec-2"));
        await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, Anna, Token);

        Assert.Equal(AskOutcome.Repeated, await Outcome(x => x.AskAsync(Wishes.Copy(entry.EntryId), Key, Anna, Token)));
        Assert.Equal(
            AskOutcome.Repeated,
            await Outcome(x => x.AskAsync(Wishes.Copy(entry.EntryId), Key, Anna with { Roles = ["guest", "operator"] }, Token))
        );
        var json = $$"""{ "EntryId": "{{entry.EntryId}}", "order": null, "madeUp": 1 }""";
        Assert.Equal(AskOutcome.Repeated, await Outcome(x => x.AskJsonAsync("start-data-copy", Bytes(json), Key, Anna, Token)));
        Assert.Equal(AskOutcome.KeyReused, await Outcome(x => x.AskAsync(Wishes.Copy(other.EntryId), Key, Anna, Token)));
        Assert.Equal(
            AskOutcome.KeyReused,
            await Outcome(x => x.AskAsync(Wishes.Copy(entry.EntryId), Key, Anna with { Name = "bert" }, Token))
        );
        Assert.Equal(AskOutcome.KeyReused, await Outcome(x => x.InspectAsync(entry.EntryId, Key, Anna, Token)));
        var post = await spec.Ask.PostAsync("licence-changed", Bytes(LicenceJson), Key, Controller, Token);
        Assert.Equal((AskOutcome.KeyReused, "Key"), (post.Outcome, post.Field));
        Assert.Single(await spec.Store.RowsAsync<OutboxMessage>());
        Assert.Single(await spec.Store.RowsAsync<Audit>());
        // What was not published may still come under its id.
        Assert.Single(await spec.Store.RowsAsync<InboxMessage>());

        async Task<AskOutcome> Outcome(Func<IAsk, Task<Asked>> ask) => (await ask(spec.Ask)).Outcome;
    }

    [Theory, OnBothDatabases]
    [Covers("I9")]
    public async Task what_a_controller_says_has_one_effect_over_http_and_amqp(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var (posted, admitted) = (Key, Guid.NewGuid());
        await spec.Store.RunAsync((store, token) => store.FirstSeenAsync([admitted], Admission.Queue, token));

        Assert.Equal(
            AskOutcome.Accepted,
            (await spec.Ask.PostAsync("licence-changed", Bytes(LicenceJson), posted, Controller, Token)).Outcome
        );
        Assert.Equal(
            AskOutcome.Repeated,
            (await spec.Ask.PostAsync("licence-changed", Bytes(LicenceJson), posted, Controller, Token)).Outcome
        );
        Assert.Equal(
            AskOutcome.Repeated,
            (await spec.Ask.PostAsync("licence-changed", Bytes(LicenceJson), admitted, Controller, Token)).Outcome
        );

        Assert.Equal(posted, Assert.Single(await spec.Store.RowsAsync<OutboxMessage>()).MessageId);
        Assert.Empty(await spec.Store.ReadAsync((store, token) => store.FirstSeenAsync([posted], Admission.Queue, token)));
        Assert.Equal("Accepted", (await spec.Ask.RequestAsync(posted, Token))?.Outcome);
        Assert.NotNull((await spec.Ask.RequestAsync(posted, Token))?.DecidedAt);
    }

    [Theory, OnBothDatabases]
    public async Task a_snapshot_that_is_repeated_fills_neither_audit_nor_keys(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var snapshot = (RecorderSnapshot)Sample.Of(typeof(RecorderSnapshot)) with { Failovers = [] };
        snapshot = snapshot with { Configuration = snapshot.Configuration with { Address = "http://10.0.0.7:5011" } };
        var json = JsonSerializer.SerializeToUtf8Bytes(snapshot, JsonSerializerOptions.Web);
        Assert.Equal("Accepted ", Said(await spec.Ask.PostAsync("recorder-snapshot", json, Key, Controller, Token)));
        Assert.Equal("Repeated ", Said(await spec.Ask.PostAsync("recorder-snapshot", json, Key, Controller, Token)));
        // Without a key another one cannot be refused: it is taken, so that it is not lost.
        var later = JsonSerializer.SerializeToUtf8Bytes(snapshot with { Connected = !snapshot.Connected }, JsonSerializerOptions.Web);
        Assert.Equal("Accepted ", Said(await spec.Ask.PostAsync("recorder-snapshot", later, Key, Controller, Token)));
        Assert.Equal(2, (await spec.Store.RowsAsync<OutboxMessage>()).Count);
        Assert.Empty(await spec.Store.RowsAsync<IdempotencyKey>());
        Assert.Empty(await spec.Store.RowsAsync<Audit>());
        Assert.Equal("Forbidden  Forbidden", Said(await spec.Ask.PostAsync("recorder-snapshot", json, Key, Eve, Token)));
        Assert.Single(await spec.Store.RowsAsync<Audit>());
    }

    [Theory, OnBothDatabases]
    public async Task a_key_is_known_for_longer_than_its_messages_and_longer_still_while_it_is_pending(DatabaseKind kind)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero));
        await using var spec = await OpenAsync(kind, x => x.AddSingleton<TimeProvider>(time));
        var (entry, other, decided) = (await EntryAsync(spec), await EntryAsync(spec, "rec-2"), Guid.NewGuid());
        await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, Anna, Token);
        await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), decided, Anna, Token);
        time.Advance(TimeSpan.FromDays(3));
        await spec.Store.RunAsync(Decision(decided));

        await AfterAsync(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        // What was asked at the door is forgotten by then, what decided it is not.
        Assert.Equal("Accepted", (await spec.Ask.RequestAsync(decided, Token))?.Outcome);
        Assert.Equal(AskOutcome.KeyReused, await AskedAsync(other, decided));
        await AfterAsync(TimeSpan.FromSeconds(2));
        Assert.Null(await spec.Ask.RequestAsync(decided, Token));
        Assert.Equal(AskOutcome.Accepted, await AskedAsync(other, decided));
        Assert.Equal("Pending", (await spec.Ask.RequestAsync(Key, Token))?.Outcome);
        Assert.Equal((AskOutcome.Repeated, AskOutcome.KeyReused), (await AskedAsync(entry, Key), await AskedAsync(other, Key)));
        await AfterAsync(TimeSpan.FromDays(30));
        Assert.Null(await spec.Ask.RequestAsync(Key, Token));

        async Task AfterAsync(TimeSpan span)
        {
            time.Advance(span);
            await spec.Store.Reconciler.PruneAsync(Token);
        }

        async Task<AskOutcome> AskedAsync(FailoverLogEntry of, Guid key) =>
            (await spec.Ask.AskAsync(Wishes.Copy(of.EntryId), key, Anna, Token)).Outcome;
    }

    [Theory, OnBothDatabases]
    public async Task what_recorders_answered_to_a_dry_run_is_kept_for_a_day(DatabaseKind kind)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero));
        await using var spec = await OpenAsync(kind, x => x.AddSingleton<TimeProvider>(time));
        var entry = await EntryAsync(spec);
        await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, Anna, Token);
        var asked = Assert.Single(await spec.Store.RowsAsync<IdempotencyKey>());
        var answer = JsonSerializer.Serialize(Sample.Of(typeof(RecordersInspected)), JsonSerializerOptions.Web);
        await spec.SaveAsync(asked with { Outcome = IdempotencyKey.Accepted, DecidedAt = time.GetUtcNow().ToRow(), Answer = answer });

        time.Advance(IdempotencyKey.AnswerKept);
        await spec.Store.Reconciler.PruneAsync(Token);
        Assert.NotNull(await spec.Read.InspectionAsync(Key, Anna, Token));
        time.Advance(TimeSpan.FromSeconds(1));
        await spec.Store.Reconciler.PruneAsync(Token);

        Assert.Null(await spec.Read.InspectionAsync(Key, Anna, Token));
        Assert.Equal("Accepted", (await spec.Ask.RequestAsync(Key, Token))?.Outcome);
    }

    [Theory, OnBothDatabases]
    public async Task what_is_decided_again_is_noted_only_while_somebody_waits_for_it(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var entry = await EntryAsync(spec);
        var again = Decision(Key) with { Detail = "repeated", OnlyIfPending = true };
        await spec.Store.RunAsync(again);
        Assert.Empty(await spec.Store.RowsAsync<Audit>());
        await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, Anna, Token);

        await spec.Store.RunAsync(again);
        await spec.Store.RunAsync(again);

        Assert.Equal("Accepted", (await spec.Ask.RequestAsync(Key, Token))?.Outcome);
        Assert.Equal(["Accepted", "Asked"], (await spec.Store.RowsAsync<Audit>()).Select(x => x.Outcome).Order());
    }

    [Theory, OnBothDatabases]
    public async Task nothing_is_repeated_of_which_only_the_message_is_known(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var entry = await EntryAsync(spec);
        await spec.Store.RunAsync((store, token) => store.FirstSeenAsync([DerivedId.Of("asked", Key)], Admission.Queue, token));
        Assert.Equal("KeyReused Key", Said(await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, Anna, Token)));
        Assert.Empty(await spec.Store.RowsAsync<OutboxMessage>());
    }

    [Theory, OnBothDatabases]
    public async Task only_what_decides_it_settles_a_request(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var entry = await EntryAsync(spec);
        await spec.Ask.AskAsync(Wishes.Copy(entry.EntryId), Key, Anna, Token);
        foreach (
            var other in new[]
            {
                Decision(Key) with
                {
                    Who = "eve",
                },
                Decision(Key) with
                {
                    Decides = new Request(Key, "pause-material-copy"),
                },
                Decision(Guid.NewGuid()),
                Decision(Key) with
                {
                    Decides = null,
                },
            }
        )
        {
            await spec.Store.RunAsync(other);
            Assert.Equal("Pending", (await spec.Ask.RequestAsync(Key, Token))?.Outcome);
        }
        await spec.Store.RunAsync(Decision(Key));
        await spec.Store.RunAsync(Decision(Key) with { Outcome = "Forbidden" });
        Assert.Equal("Accepted", (await spec.Ask.RequestAsync(Key, Token))?.Outcome);
    }

    private static Note Decision(Guid key) => new("anna", "copy.start", "s", "Accepted", null, new Request(key, "start-data-copy"));

    private static T Sent<T>(OutboxMessage row) =>
        JsonSerializer.Deserialize<T>(JsonDocument.Parse(row.Body).RootElement.GetProperty("message"), JsonSerializerOptions.Web)!;
}
