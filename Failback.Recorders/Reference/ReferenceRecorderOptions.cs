namespace Failback.Recorders;

/// <summary>What a reference recorder is; role, settings and all else that changes is kept on disk and wins over this at the next start.</summary>
public sealed record ReferenceRecorderOptions
{
    /// <summary>1 to 200 characters.</summary>
    public required string RecorderId { get; init; }
    public string? Name { get; init; }

    /// <summary><c>major.minor.patch</c>.</summary>
    public string Version { get; init; } = "1.0.0";
    public string SettingsFormat { get; init; } = "reference/1";
    public IReadOnlyList<string> Storages { get; init; } = [];
    public IReadOnlyList<string> Drivers { get; init; } = [];

    /// <summary>How long material is kept; null keeps it for ever. Held periods are kept longer (D5).</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>Role at the very first start; as <see cref="LiveRole.Recorder"/> it records at once.</summary>
    public LiveRole InitialRole { get; init; } = LiveRole.FailoverServer;

    /// <summary>Settings at the very first start.</summary>
    public ReadOnlyMemory<byte>? InitialSettings { get; init; }

    /// <summary>How it reaches other recorders to fetch items by itself, with at least one allowed network; null when it fetches nothing.</summary>
    public RecordersOptions? Fetching { get; init; }
}

/// <summary>A segment or record that a recorder makes itself.</summary>
/// <param name="Content">At most <see cref="Limits.ItemBytes"/>.</param>
public sealed record RecordedItem(DateTimeOffset Start, TimeSpan Duration, ReadOnlyMemory<byte> Content);
