using System.Text;
using System.Text.Json;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>Plain JSON of controllers, each contract mutated: admitted with every member in its bounds, or refused with a reason.</summary>
[Covers("T15", "T16", "T18")]
public sealed class Whatever_a_controller_publishes
{
    private static readonly (string Name, string Json)[] Good =
    [
        .. Validation
            .Contracts.OrderBy(x => x.Key, StringComparer.Ordinal)
            .Select(x => (x.Key, JsonSerializer.Serialize(GoodMessages.Of(x.Value), x.Value, JsonSerializerOptions.Web))),
    ];

    [Fact]
    public async Task is_admitted_in_its_bounds_or_refused_with_a_reason()
    {
        Assert.All(Good, x => Assert.Null(Read(x.Name, Encoding.UTF8.GetBytes(x.Json)).Refusal));
        var run = new FuzzRun("plain JSON", Programme.Pick(40_000, 300_000)) { Kept = FuzzCases.PlainJson };
        await run.RunAsync(
            random =>
            {
                var which = random.Next(Good.Length);
                return [(byte)which, .. Mutator.Json(Good[which].Json, random)];
            },
            Feed
        );
        Figures.Say(run.ToString());
    }

    private static FuzzOutcome Feed(byte[] input)
    {
        var name = Good[input.Length == 0 ? 0 : input[0] % Good.Length].Name;
        var (message, _, refusal) = Read(name, input.AsSpan(Math.Min(1, input.Length)));
        if (refusal is not null)
        {
            Assert.NotEmpty(refusal.Allowed);
            Assert.True(refusal.Allowed.Length <= 2_000 && (refusal.Field?.Length ?? 0) <= 300, refusal.ToString());
            Assert.True(refusal.Field is null || refusal.Field.All(x => !char.IsControl(x)), "a control character in the field");
            return new FuzzOutcome($"refused: {refusal.Reason}", refusal.ToString());
        }
        Assert.Null(GoodMessages.WhatIsOutOfBounds(message!));
        return new FuzzOutcome("admitted", "");
    }

    private static (object? Message, Guid Id, Refusal? Refusal) Read(string name, ReadOnlySpan<byte> body) =>
        PlainJson.Read(name, "application/json", "9d4d7b39-58a9-4a6e-9a55-0c6d2f6b52f1", body);
}
