using System.Security.Cryptography;

namespace Failback.Hosting;

/// <summary>
/// The signature of a report: ECDSA with SHA-256 over its bytes, DER in base64 in FILE.sig, so that other tools check it too
/// (docs/evidence.md). Keys are PEM files; nothing of a private key is ever logged, sent or kept elsewhere.
/// </summary>
public static class ReportSignature
{
    /// <summary>Keys and signatures are a few hundred bytes; a longer file is neither, and is not read.</summary>
    private const int MostBytes = 64 << 10;
    private const string NoPublicKey = "must be a public key of an elliptic curve as PEM";
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    public static string PathOf(string file) => file + ".sig";

    /// <summary>A private key, or why the file is none; nothing of path and content is in that.</summary>
    /// <returns>The caller disposes the key.</returns>
    public static (ECDsa? Key, string? Wrong) PrivateKey(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (File.Exists(path) && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
            return (null, "may be read by others; chmod 600 it");
        return Read(
            () => Text(path),
            "must be a private key of an elliptic curve as PEM, without a password",
            x => x.ExportParameters(true).D is not null
        );
    }

    /// <summary>A public key, or why the file is none.</summary>
    /// <returns>The caller disposes the key.</returns>
    public static (ECDsa? Key, string? Wrong) PublicKey(string path) => Read(() => Text(path), NoPublicKey, _ => true);

    /// <summary>The same of a text.</summary>
    /// <returns>The caller disposes the key.</returns>
    public static (ECDsa? Key, string? Wrong) PublicKeyOf(string pem) => Read(() => pem, NoPublicKey, _ => true);

    /// <summary>What is in FILE.sig.</summary>
    /// <exception cref="IOException">There is none, or it cannot be read.</exception>
    public static string Beside(string file) => Text(PathOf(file));

    /// <summary>What goes into FILE.sig.</summary>
    public static string Of(byte[] content, ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Convert.ToBase64String(key.SignData(content, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)) + "\n";
    }

    /// <summary>Whether the text of FILE.sig is this key's signature of the content.</summary>
    public static bool IsOf(byte[] content, string signature, ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(signature);
        ArgumentNullException.ThrowIfNull(key);
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

    private static string Text(string path) => new FileInfo(path).Length <= MostBytes ? File.ReadAllText(path) : "";

    private static (ECDsa? Key, string? Wrong) Read(Func<string> pem, string allowed, Func<ECDsa, bool> fits)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem());
            if (fits(key))
                return (key, null);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
        {
            // Said below, without a word of what is in the file.
        }
        key.Dispose();
        return (null, allowed);
    }
}
