namespace Failback.Tests;

/// <summary>Inputs that broke something once, as base64; they run before the generated ones.</summary>
internal static class FuzzCases
{
    public static readonly IReadOnlyList<string> PlainJson =
    [
        // A member's name of the publisher's own was in the field of the refusal.
        "CXsicmVjb3JkZXJJZCI6Ilx1MjAyZWduaXJ0cyIsImF0IjoiMjAyNi0wMy0yOVQxMjowMDowMCswMDowMCIsImNhbmFyeS1TM0NSM1QtMzE0MSI6W1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dfQ==",
    ];
    public static readonly IReadOnlyList<string> Envelopes = [];
    public static readonly IReadOnlyList<string> Answers = [];
    public static readonly IReadOnlyList<string> Names = [];
    public static readonly IReadOnlyList<string> Configuration = [];
    public static readonly IReadOnlyList<string> Plans =
    [
        // A line that is null was an exception.
        "eyJjaGFubmVsQ29waWVzIjpbbnVsbF19",
    ];
    public static readonly IReadOnlyList<string> Settings =
    [
        // A storage without a name was not lacking.
        "eyJmb3JtYXQiOiJ2bXMtOSIsInNvZnR3YXJlVmVyc2lvbiI6IjkuMC4xIiwic3RvcmFnZXMiOltudWxsXX0=",
    ];
    public static readonly IReadOnlyList<string> Disk =
    [
        // An index entry twice was an item twice in listings.
        "AQEAAQABAAAAACAdtIqN3ggA4fUFAAAAAAcAAAABAAAAAAAAACBSvcF5h1VGbAkCpKhuFHHX1h0AAQABAAEAAAAAARO6io3eCADh9QUAAAAABwAAAAEAAAAHAAAANJdBx24blJFwCxCJlYI/z3TP3HkBAAEAAQAAAADiCMCKjd4IAOH1BQAAAAAHAAAAAQAAAA4AAADuwSjpYABPGS6nj0QYBn8SjBqQfAEAAQABAAAAAOIIwIqN3ggA4fUFAAAAAAcAAAABAAAADgAAAO7BKOlgAE8ZLqePRBgGfxKMGpB8",
    ];
    public static readonly IReadOnlyList<string> Requests = [];
}
