using System.Text;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>What specs of asking say, and hear.</summary>
internal static class DoorsTalk
{
    public const string LicenceJson = """{ "failoverEnabled": true, "version": 7 }""";
    public static readonly Asker Controller = new("controller", ["controller"]);

    /// <summary>An entry of a recorder and its failover server, all known.</summary>
    public static async Task<FailoverLogEntry> EntryAsync(DoorsSpec spec, string recorder = "rec-1")
    {
        var entry = DoorsSpec.Entry(recorder, 0, $"fo-{recorder}");
        await spec.SaveAsync(
            DoorsSpec.Recorder(recorder, RecorderRole.Broken),
            DoorsSpec.Recorder($"fo-{recorder}", RecorderRole.Recorder),
            entry
        );
        return entry;
    }

    public static byte[] Bytes(string json) => Encoding.UTF8.GetBytes(json);

    public static string Said(Asked asked) => $"{asked.Outcome} {asked.Field}{(asked.Reason is { } x ? " " + x : "")}";
}
