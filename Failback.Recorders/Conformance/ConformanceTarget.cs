using System.Text.Json;

namespace Failback.Recorders;

/// <summary>
/// A recorder under test. Checks use names of their own, so that one recorder may serve them all, one after another; they change its
/// role and settings and leave it released.
/// </summary>
public sealed record ConformanceTarget
{
    public required IRecorder Recorder { get; init; }

    /// <summary>Makes settings that the recorder can take; by default a document of its format, version, storages and drivers.</summary>
    /// <remarks>The marker makes two documents differ.</remarks>
    public Func<SettingsDocument, string, ReadOnlyMemory<byte>> MakeSettings { get; init; } =
        (stated, marker) =>
            JsonSerializer.SerializeToUtf8Bytes(
                new
                {
                    stated.Format,
                    stated.SoftwareVersion,
                    stated.Storages,
                    stated.Drivers,
                    Marker = marker,
                },
                JsonSerializerOptions.Web
            );

    /// <summary>Stops the recorder hard, starts it again and gives a new client; null when the target cannot.</summary>
    public Func<Task<IRecorder>>? RestartAsync { get; init; }

    /// <summary>Lets the recorder record one item itself; null when the target cannot.</summary>
    public Func<Track, RecordedItem, Task>? RecordAsync { get; init; }

    /// <summary>Applies retention now; null when the target cannot.</summary>
    public Func<Task>? ApplyRetentionAsync { get; init; }

    /// <summary>Material that ends before this is removed by retention.</summary>
    public DateTimeOffset RetentionEnd { get; init; }
}

/// <summary>What a check needs of its target beyond the port.</summary>
[Flags]
public enum ConformanceNeeds
{
    None = 0,
    Restart = 1,
    Recording = 2,
    Retention = 4,

    /// <summary>The recorder advertises holds.</summary>
    Holds = 8,
}

/// <summary>One thing that every adapter does.</summary>
/// <param name="Name">A sentence with underscores.</param>
/// <param name="Covers">Ids of the specification and of the failure catalogue.</param>
public sealed record ConformanceCheck(string Name, IReadOnlyList<string> Covers, ConformanceNeeds Needs)
{
    private readonly Func<ConformanceRun, Task> body = _ => Task.CompletedTask;

    internal ConformanceCheck(string name, string covers, ConformanceNeeds needs, Func<ConformanceRun, Task> body)
        : this(name, covers.Split(' ', StringSplitOptions.RemoveEmptyEntries), needs) => this.body = body;

    /// <summary>Whether the target offers what the check needs.</summary>
    public bool AppliesTo(ConformanceTarget target) =>
        (!Needs.HasFlag(ConformanceNeeds.Restart) || target.RestartAsync is not null)
        && (!Needs.HasFlag(ConformanceNeeds.Recording) || target.RecordAsync is not null)
        && (!Needs.HasFlag(ConformanceNeeds.Retention) || target.ApplyRetentionAsync is not null);

    /// <summary>Runs the check.</summary>
    /// <exception cref="ConformanceException">The recorder does not do it; the message says what it did.</exception>
    public async Task RunAsync(ConformanceTarget target, CancellationToken token = default)
    {
        if (!AppliesTo(target))
            throw new ConformanceException($"{Name}: the target does not offer {Needs}");
        try
        {
            await body(new ConformanceRun(target, token));
        }
        catch (RecorderException unexpected)
        {
            throw new ConformanceException($"{Name}: unexpected {unexpected.Fault}: {unexpected.Message}", unexpected);
        }
    }

    public override string ToString() => Name;
}

/// <summary>A recorder does not do what the port says.</summary>
public sealed class ConformanceException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The suite: every adapter passes every check that applies to it.</summary>
public static class RecorderConformance
{
    public static IReadOnlyList<ConformanceCheck> Checks { get; } =
    [
        .. StateChecks.All,
        .. RoleChecks.All,
        .. ListingChecks.All,
        .. WritingChecks.All,
        .. TornWriteChecks.All,
        .. ReadingChecks.All,
        .. NameChecks.All,
        .. DigestChecks.All,
        .. ProvenanceChecks.All,
        .. HoldChecks.All,
        .. DurabilityChecks.All,
    ];
}
