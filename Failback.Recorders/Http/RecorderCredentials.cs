using System.Text.Json;

namespace Failback.Recorders;

/// <summary>
/// Secrets of recorders from one JSON file, <c>{ "recorder id": "secret" }</c>. The file is read again when it changes, so that secrets
/// can be rotated; a damaged newer file leaves the last good one in force.
/// </summary>
internal sealed class RecorderCredentials(string? path)
{
    private const long MostBytes = 16 << 20;
    private readonly Lock gate = new();
    private IReadOnlyDictionary<string, string> secrets = new Dictionary<string, string>();
    private DateTime readAt;

    /// <summary>Null when the recorder has none.</summary>
    public string? SecretOf(string recorderId)
    {
        if (path is null)
            return null;
        lock (gate)
        {
            var written = File.GetLastWriteTimeUtc(path);
            if (written != readAt && Read(path, out var read) is null)
                secrets = read;
            readAt = written;
            return secrets.GetValueOrDefault(recorderId);
        }
    }

    /// <summary>What is wrong with a secrets file, without any of its content; null when it is good.</summary>
    public static string? WhyWrong(string path) => Read(path, out _);

    private static string? Read(string path, out IReadOnlyDictionary<string, string> secrets)
    {
        secrets = new Dictionary<string, string>();
        try
        {
            if (new FileInfo(path).Length > MostBytes)
                return $"a file of at most {MostBytes} bytes";
            var read = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(path));
            if (read is null || read.Any(x => string.IsNullOrEmpty(x.Value) || x.Value.Any(y => y is <= ' ' or > '~')))
                return "a JSON object of recorder id and secret in visible ASCII";
            secrets = read;
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return "a JSON file that can be read";
        }
    }
}
