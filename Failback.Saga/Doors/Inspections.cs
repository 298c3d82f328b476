using System.Text.Json;
using Failback.Messages;
using MassTransit;

namespace Failback.Saga;

/// <summary>Keeps what recorders answered to a dry run beside the key that it was asked under, for a day.</summary>
internal sealed class Inspections(IFailbackStore store, TimeProvider time) : IConsumer<RecordersInspected>
{
    public async Task Consume(ConsumeContext<RecordersInspected> context)
    {
        var (answer, token) = (context.Message, context.CancellationToken);
        // Asked on the bus, answered twice, or long ago; or about another entry than was asked for.
        if (
            await store.KeyAsync(answer.RequestId, token) is not { Outcome: IdempotencyKey.Pending } asked
            || !Wish.IsInspection(asked, answer.EntryId)
        )
            return;
        var answered = asked with
        {
            Outcome = IdempotencyKey.Accepted,
            DecidedAt = time.GetUtcNow().ToRow(),
            Answer = JsonSerializer.Serialize(answer, JsonSerializerOptions.Web),
        };
        await store.ApplyAsync([new Save(answered)], token);
    }
}
