using System.Text.Json;

namespace Failback.Recorders;

/// <summary>
/// The part of a settings document that every recorder must state, so that incompatibility is seen before anything is applied (D18).
/// Everything else in the document is the vendor's own and passes through untouched.
/// </summary>
/// <param name="Format">Settings format, compared with the status of the recorder.</param>
/// <param name="SoftwareVersion">Of the recorder that wrote it; its major must match.</param>
/// <param name="Storages">Storages that it names.</param>
/// <param name="Drivers">Drivers that it names.</param>
public sealed record SettingsDocument(
    string Format,
    string SoftwareVersion,
    IReadOnlyList<string>? Storages,
    IReadOnlyList<string>? Drivers
)
{
    private const int NameCharacters = 100;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Reads the stated part; null when the bytes are not such a document.</summary>
    public static SettingsDocument? Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var document = JsonSerializer.Deserialize<SettingsDocument>(bytes.Span, Json);
            return document is not null && document.IsWhole() ? document : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What of this document the recorder lacks, in words; null when it fits (D18).</summary>
    public string? WhyIncompatible(RecorderStatus status)
    {
        if (Format != status.SettingsFormat)
            return $"settings format {Short(Format)}, the recorder reads {Short(status.SettingsFormat)}";
        if (Major(SoftwareVersion) != Major(status.Version))
            return $"settings of software {Short(SoftwareVersion)}, the recorder runs {Short(status.Version)}";
        if ((Storages ?? []).FirstOrDefault(x => !status.Storages.Contains(x)) is { } storage)
            return $"storage {Short(storage)} is missing";
        if ((Drivers ?? []).FirstOrDefault(x => !status.Drivers.Contains(x)) is { } driver)
            return $"driver {Short(driver)} is missing";
        return null;
    }

    private bool IsWhole() =>
        !string.IsNullOrEmpty(Format)
        && !string.IsNullOrEmpty(SoftwareVersion)
        && (Storages ?? []).Concat(Drivers ?? []).All(x => !string.IsNullOrEmpty(x));

    private static string Short(string name) => Rules.Readable(name, NameCharacters);

    private static string Major(string version) => version.Split('.')[0];
}
