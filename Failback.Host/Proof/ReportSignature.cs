using System.Security.Cryptography;

namespace Failback.Host;

/// <summary>
/// The signature of a file: ECDSA with SHA-256 over its bytes, DER in base64 in FILE.sig, so that other tools check it too
/// (docs/evidence.md). Keys are PEM files that people made and keep; nothing of a key is ever logged or kept.
/// </summary>
internal static class ReportSignature
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    public static string PathOf(string file) => file + ".sig";

    /// <summary>A private key, or why the file is none.</summary>
    /// <returns>The caller disposes the key.</returns>
    public static (ECDsa? Key, string? Wrong) PrivateKey(string path)
    {
        if (File.Exists(path) && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
            return (null, $"--key: {path} may be read by others; chmod 600 it");
        return Read(
            path,
            "--key",
            "a private key of an elliptic curve as PEM, without a password",
            x => x.ExportParameters(true).D is not null
        );
    }

    /// <summary>A public key, or why the file is none.</summary>
    public static (ECDsa? Key, string? Wrong) PublicKey(string path) =>
        Read(path, "--public-key", "a public key of an elliptic curve as PEM", _ => true);

    /// <summary>What goes into FILE.sig.</summary>
    public static string Of(byte[] content, ECDsa key) =>
        Convert.ToBase64String(key.SignData(content, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)) + "\n";

    /// <summary>Whether the text of FILE.sig is this key's signature of the content.</summary>
    public static bool IsOf(byte[] content, string signature, ECDsa key)
    {
        try
        {
            return key.VerifyData(
                content,
                Convert.FromBase64String(signature.Trim()),
                HashAlgorithmName.SHA256,
                DSASignatureFormat.Rfc3279DerSequence
            );
        }
        catch (Exception fault) when (fault is FormatException or CryptographicException)
        {
            return false;
        }
    }

    private static (ECDsa? Key, string? Wrong) Read(string path, string option, string allowed, Func<ECDsa, bool> fits)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            if (fits(key))
                return (key, null);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
        {
            // Said below, without a word of what is in the file.
        }
        key.Dispose();
        return (null, $"{option}: {path} must be {allowed}");
    }
}
