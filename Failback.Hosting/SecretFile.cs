using System.Security;

namespace Failback.Hosting;

/// <summary>A secret in a file of one line: so that it is in no configuration, command line, log or message.</summary>
public static class SecretFile
{
    /// <summary>A shorter secret can be guessed.</summary>
    public const int FewestCharacters = 16;

    /// <summary>A longer file is something else.</summary>
    public const int MostCharacters = 4096;

    /// <summary>The secret, without the white space around it.</summary>
    /// <exception cref="IOException">It cannot be read, or is no secret of ours; the message holds the path and nothing of the content.</exception>
    public static string Read(string path) =>
        Problem(path, out var secret) is { } problem ? throw new IOException($"The secret file {path}: {problem}.") : secret;

    /// <summary>What is wrong with the file; null when it holds a secret. Nothing of the content is in it.</summary>
    public static string? Problem(string path) => Problem(path, out _);

    private static string? Problem(string path, out string secret)
    {
        secret = "";
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > MostCharacters)
                return $"must be at most {MostCharacters} bytes";
            using var reader = new StreamReader(file);
            secret = reader.ReadToEnd().Trim();
        }
        catch (Exception wrong)
            when (wrong is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException or SecurityException)
        {
            return "must be a file that this process can read";
        }
        if (secret.Length < FewestCharacters || secret.Any(x => x is < '!' or > '~'))
            return $"must hold one line of {FewestCharacters} or more visible ASCII characters";
        return null;
    }
}
