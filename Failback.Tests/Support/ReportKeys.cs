using System.Security.Cryptography;

namespace Failback.Tests;

/// <summary>Keys of reports, as an operator makes them.</summary>
internal static class ReportKeys
{
    /// <summary>A private key that nobody else may read.</summary>
    public static void Write(string path)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(path, key.ExportPkcs8PrivateKeyPem());
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
