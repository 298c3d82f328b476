using System.Text;

namespace Failback.Tests;

/// <summary>docs/contracts.md: each message in one line.</summary>
internal static class ContractsPage
{
    private static readonly (Direction Direction, string Title)[] Sections =
    [
        (Direction.In, "In: what the VMS or a person says"),
        (Direction.Work, "Work: what the saga asks of the workers"),
        (Direction.Answer, "Answers of the workers"),
        (Direction.Out, "Out: what Failback tells everybody"),
        (Direction.Internal, "Internal: what Failback reminds itself of"),
        (Direction.Document, "Documents: what the document port carries"),
    ];

    public static string Generate()
    {
        var text = new StringBuilder(
            """
            # Contracts

            Generated from the comments in `Failback.Messages` (a test compares it; `APPROVE=1 ./test --quick` writes it).
            Every member with its type, unit and bounds is in [asyncapi.yaml](asyncapi.yaml); how contracts may change is in
            [ADR 0004](adr/0004-wire-contracts-and-versioning.md).

            A message of `In` may be published as plain JSON to the exchange named beside it; every message travels in MassTransit's
            envelope through the exchange `Failback.Messages:<MessageName>`. Enumerations are numbers on the wire.

            Plain JSON has the content type `application/json`, a GUID as AMQP message id (the same when it is sent again), at most 64 KiB,
            and an offset with each instant; an enumeration may be given by name. What is refused is in the queue `failback.in.refused` with
            its own bytes and the headers `failback-reason`, `failback-field` and `failback-allowed`
            ([ADR 0008](adr/0008-admission-of-plain-json.md)).

            """
        );
        foreach (var (direction, title) in Sections)
        {
            text.Append($"\n## {title}\n\n");
            text.Append(
                direction == Direction.In ? "| message | what | plain JSON to |\n|---|---|---|\n" : "| message | what |\n|---|---|\n"
            );
            foreach (var contract in Contracts.All.Where(x => x.Direction == direction))
            {
                var what = contract.Summary.StartsWith(direction + ": ", StringComparison.Ordinal)
                    ? contract.Summary[(direction.ToString().Length + 2)..]
                    : contract.Summary;
                text.Append($"| `{contract.Name}` | {char.ToUpperInvariant(what[0])}{what[1..]} |");
                text.Append(direction == Direction.In ? $" `{contract.PlainExchange}` |\n" : "\n");
            }
        }
        return text.ToString();
    }
}
