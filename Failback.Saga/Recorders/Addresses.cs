namespace Failback.Saga;

/// <summary>A failed recorder has another address than when its failover began (R42).</summary>
/// <param name="AtFailover">As the directory had it when the entry was made.</param>
/// <param name="Now">As the directory has it now; it is the one to confirm.</param>
public sealed record AddressChange(string AtFailover, string Now);

/// <summary>Which addresses are of the same machine: those with the same host, whatever its case, and the same port. Pure.</summary>
internal static class Addresses
{
    /// <summary>Of an address, on the wire and in rows.</summary>
    public const int MostCharacters = 512;

    /// <summary>What <see cref="IsOne"/> takes, for people.</summary>
    public static readonly string Allowed = $"HOST:PORT or an absolute URI, without credentials, at most {MostCharacters} characters";

    /// <summary>Whether a person may name a machine so.</summary>
    public static bool IsOne(string text) => text.Length <= MostCharacters && Parse(text) is { UserInfo: "" };

    /// <summary>Of absolute URIs, or HOST:PORT; a port that is left out is that of the scheme. What is neither is the same as itself only.</summary>
    public static bool AreSame(string one, string other) =>
        Parse(one) is { } x && Parse(other) is { } y
            ? x.Port == y.Port && string.Equals(x.Host, y.Host, StringComparison.OrdinalIgnoreCase)
            : one == other;

    /// <summary>Null when the address is the same, or when one of the two is not known.</summary>
    public static AddressChange? Change(FailoverLogEntry entry, Recorder? recorder) =>
        entry.FailedRecorderAddress is { } then && recorder is { Address: var now } && !AreSame(then, now)
            ? new AddressChange(then, now)
            : null;

    /// <summary>HOST:PORT alone would be read as a scheme and a path, and under a scheme that nobody knows H:PORT as a drive.</summary>
    private static Uri? Parse(string text) =>
        Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}", UriKind.Absolute, out var uri)
        && uri.Host.Length > 0
            ? uri
            : null;
}
