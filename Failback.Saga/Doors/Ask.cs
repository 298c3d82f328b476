using Failback.Hosting;
using Failback.Messages;
using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>Each wish is one unit of work: key, audit line and outbox row, of a snapshot the row alone; or an audit line alone.</summary>
internal sealed class Ask(IFailbackUnits units, ILooks looks, IRights rights, IOptionsMonitor<CopyOptions> copying, TimeProvider time)
    : IAsk
{
    /// <summary>Makes the message of rows, or says what they lack.</summary>
    private delegate Task<(object? Message, Asked? Missing)> Making(IFailbackStore store, CancellationToken token);

    private readonly RefusalBudget refusals = new();

    public bool Allows(Asker asker, string right) => rights.Allows(asker.Roles, right);

    public Task<Asked> AskAsync(object request, Guid key, Asker asker, CancellationToken token) =>
        AskAsync(PersonRequests.NameOf(request), request, null, key, asker, token);

    public Task<Asked> AskJsonAsync(string message, ReadOnlyMemory<byte> json, Guid key, Asker asker, CancellationToken token)
    {
        if (!PersonRequests.Contracts.TryGetValue(message, out var contract))
            return Unknown(key, PersonRequests.Contracts.Keys);
        var (request, refusal) = PlainJson.Read(contract, json.Span, askerIsKnown: true);
        return AskAsync(message, request, refusal, key, asker, token);
    }

    public Task<Asked> PostAsync(string message, ReadOnlyMemory<byte> json, Guid key, Asker asker, CancellationToken token)
    {
        if (!PersonRequests.OfController.TryGetValue(message, out var contract))
            return Unknown(key, PersonRequests.OfController.Keys);
        var (said, refusal) = PlainJson.Read(contract, json.Span, askerIsKnown: false);
        var wish = new Wish(key, asker, message, Rights.PublishAsController)
        {
            MessageId = key,
            IsOfController = true,
            IsKept = contract != typeof(RecorderSnapshot),
        };
        if (said is not null && (refusal = Validation.Of(said)) is null)
            wish = wish.About(PersonRequests.SubjectOf(said), said);
        return TakeAsync(wish, refusal, (_, _) => Task.FromResult<(object?, Asked?)>((said, null)), token);
    }

    public Task<Asked> InspectAsync(Guid entryId, Guid key, Asker asker, CancellationToken token)
    {
        var wish = Wish.ToInspect(entryId, key, asker);
        return TakeAsync(wish, null, (store, ct) => InspectionAsync(wish, entryId, store, ct), token);
    }

    public Task<RequestView?> RequestAsync(Guid key, CancellationToken token) =>
        looks.LookAsync(async (look, ct) => (await look.KeyAsync(key, ct))?.View(), token);

    private Task<Asked> AskAsync(string name, object? request, Refusal? refusal, Guid key, Asker asker, CancellationToken token)
    {
        var wish = new Wish(key, asker, name, PersonRequests.RightTo(name));
        var message = request is null ? null : PersonRequests.By(asker, key, request);
        // Roles may change between two tries of the same request.
        if (message is not null && (refusal = Validation.Of(message)) is null)
            wish = wish.About(PersonRequests.SubjectOf(message), PersonRequests.By(asker with { Roles = [] }, key, message));
        return TakeAsync(
            wish,
            refusal,
            async (store, ct) =>
                await PersonRequests.MissingAsync(message!, store, ct) is var (field, reason)
                    ? (null, wish.NotFound(field, reason))
                    : (message, null),
            token
        );
    }

    /// <summary>
    /// Rights before all else, so that who may not learns nothing but what became of a request of his own; then the message; then the rows.
    /// </summary>
    private async Task<Asked> TakeAsync(Wish wish, Refusal? refusal, Making make, CancellationToken token)
    {
        if (Validation.OfAsker(wish.Key, wish.Asker) is { } nobody)
            return wish.Invalid(nobody);
        if (!rights.Allows(wish.Asker.Roles, wish.Right))
            return await ForbiddenAsync(wish, token);
        if (refusal is not null)
        {
            FailbackTelemetry.Refused(wish.Name, refusal.Reason.ToString());
            return wish.Invalid(refusal);
        }
        try
        {
            return await units.RunAsync((store, ct) => CommitAsync(wish, make, store, ct), token);
        }
        catch (MessageTooLongException)
        {
            // In its envelope; it would be as long the next time.
            FailbackTelemetry.Refused(wish.Name, nameof(RefusalReason.TooLong));
            return wish.TooLong();
        }
    }

    /// <summary>Roles may have changed since the first of two tries. Asking in vain for ever fills no audit trail.</summary>
    private async Task<Asked> ForbiddenAsync(Wish wish, CancellationToken token)
    {
        if (await looks.LookAsync((look, ct) => look.KeyAsync(wish.Key, ct), token) is { } known && wish.IsAgain(known))
            return wish.Again(known);
        var notes = refusals.Count(wish.Noted(nameof(FailbackReason.Forbidden)), time.GetUtcNow());
        if (notes.Count > 0)
            await units.RunAsync((store, ct) => WriteAsync(notes, store, ct), token);
        return new Asked(AskOutcome.Forbidden, wish.Key, FailbackReason.Forbidden);
    }

    private static async Task<bool> WriteAsync(IReadOnlyList<Note> notes, IFailbackStore store, CancellationToken token)
    {
        await store.ApplyAsync(notes, token);
        return true;
    }

    private async Task<Asked> CommitAsync(Wish wish, Making make, IFailbackStore store, CancellationToken token)
    {
        if (await store.KeyAsync(wish.Key, token) is { } known)
            return wish.Again(known);
        var (message, missing) = await make(store, token);
        if (missing is not null)
            return await NotedAsync(wish, missing, store, token);
        // Of two at once the later one waits here, and then finds the key of the earlier one.
        if ((await store.FirstSeenAsync([wish.MessageId], Admission.Queue, token)).Count == 0)
            return wish.Again(await store.KeyAsync(wish.Key, token));
        await store.ApplyAsync(
            [
                .. wish.IsKept ? [new Save(wish.ToRow(time.GetUtcNow().ToRow())), wish.Noted("Asked")] : Array.Empty<Effect>(),
                new Publish(message!, wish.MessageId),
            ],
            token
        );
        return new Asked(AskOutcome.Accepted, wish.Key);
    }

    private async Task<(object?, Asked?)> InspectionAsync(Wish wish, Guid entryId, IFailbackStore store, CancellationToken token)
    {
        if (await store.EntryAsync(entryId, token) is not { } entry)
            return (null, wish.NotFound(nameof(entry.EntryId), FailbackReason.InvalidLogState));
        var facts = await store.FactsAsync(entry, rights, manualDuringMaintenance: true, time.GetUtcNow().ToRow(), token);
        if (facts.Recorder is null)
            return (null, wish.NotFound(nameof(entry.FailedRecorderId), FailbackReason.NoRecorder));
        if (facts.Address(entry.FailoverServerId) is null)
            return (null, wish.NotFound(nameof(entry.FailoverServerId), FailbackReason.NoFailoverServer));
        return (FailbackCommands.Inspect(wish.Key, entry, facts, TimeSpan.FromSeconds(copying.CurrentValue.ClockSlackSeconds)), null);
    }

    private static async Task<Asked> NotedAsync(Wish wish, Asked refused, IFailbackStore store, CancellationToken token)
    {
        await store.ApplyAsync([wish.Noted((refused.Reason ?? FailbackReason.InternalError).ToString())], token);
        return refused;
    }

    private static Task<Asked> Unknown(Guid key, IEnumerable<string> names) =>
        Task.FromResult(
            new Asked(AskOutcome.Invalid, key, Field: "Message", Allowed: string.Join(", ", names.Order(StringComparer.Ordinal)))
        );
}
