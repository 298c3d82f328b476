using System.Runtime.Serialization;
using System.Text;
using System.Text.Json;
using Failback.Messages;
using Failback.Saga;
using Failback.Worker;
using MassTransit;
using MassTransit.Serialization;

namespace Failback.Tests;

/// <summary>
/// Envelopes of the bus, mutated, through the serialiser that the endpoints use and the bounds that follow it: a message in its bounds,
/// a refusal, or an exception that ends in an error queue. Never a crash of the process, and never a type that is not a contract.
/// </summary>
[Covers("T15", "T16", "B16")]
public sealed class Whatever_an_envelope_says
{
    private static readonly Type[] All = [.. Contracts.Messages.Select(x => x.Type)];
    private static readonly string[] Good = [.. All.Select(x => GoodEnvelopes.Of(x))];
    private static readonly SystemTextJsonMessageSerializer Serializer = new();

    [Fact]
    public async Task is_a_message_in_its_bounds_or_refused()
    {
        var run = new FuzzRun("envelopes", Programme.Pick(30_000, 300_000)) { Kept = FuzzCases.Envelopes };
        await run.RunAsync(
            random =>
            {
                var which = random.Next(All.Length);
                return [(byte)which, .. Mutator.Json(Good[which], random)];
            },
            Feed
        );
        Assert.True(run.Count("handed on") > 0);
        Figures.Say(run.ToString());
    }

    private static FuzzOutcome Feed(byte[] input)
    {
        var type = All[input[0] % All.Length];
        try
        {
            var context = Serializer.Deserialize(new BytesMessageBody(input[1..]), new DictionarySendHeaders(), null);
            if (!context.TryGetMessage(type, out var message))
                return new FuzzOutcome("no message of the type");
            Assert.IsType(type, message);
            return Look(message);
        }
        catch (Exception thrown) when (thrown is SerializationException or JsonException)
        {
            return new FuzzOutcome($"{thrown.GetType().Name}");
        }
    }

    /// <summary>What a room does with it first.</summary>
    private static FuzzOutcome Look(object message)
    {
        if (Validation.Of(message) is { } refusal)
            return new FuzzOutcome($"refused: {refusal.Reason}", refusal.ToString());
        if (message is CopyChannelData job && !CopyWork.TryFrom(job, out _, out var why))
            return new FuzzOutcome("refused: slice", why);
        if (Validation.Contracts.Values.Contains(message.GetType()))
            Assert.Null(GoodMessages.WhatIsOutOfBounds(message, isUtc: false));
        return new FuzzOutcome("handed on");
    }
}

/// <summary>What the bus library writes around a message.</summary>
internal static class GoodEnvelopes
{
    public static string Of(Type type) => Of(GoodMessages.Of(type));

    public static string Of(object message)
    {
        var envelope = new
        {
            messageId = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
            conversationId = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12),
            sourceAddress = "rabbitmq://localhost/a",
            destinationAddress = "rabbitmq://localhost/b",
            messageType = new[] { MessageUrn.ForTypeString(message.GetType()) },
            message,
            sentTime = Items.Noon,
            headers = new Dictionary<string, object> { ["failback"] = "x" },
            host = new { machineName = "m", processId = 7 },
        };
        return JsonSerializer.Serialize(envelope, JsonSerializerOptions.Web);
    }
}
