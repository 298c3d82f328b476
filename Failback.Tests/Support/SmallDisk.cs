using System.Diagnostics;

namespace Failback.Tests;

/// <summary>A disk of a few megabytes in memory (tmpfs), which a spec fills and empties; only where mounting is permitted.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    /// <summary>Whether this process may mount; a container often may not.</summary>
    public static bool IsPermitted { get; } = Try();

    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static SmallDisk Mount(int megabytes)
    {
        var path = Directory.CreateTempSubdirectory("failback-disk-").FullName;
        var (code, said) = Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=777", "failback-spec", path);
        if (code == 0)
            return new SmallDisk(path);
        Directory.Delete(path);
        throw new InvalidOperationException($"mount ended with {code}: {said}");
    }

    /// <summary>Leaves no byte to anybody, or so many.</summary>
    public void Fill(int leave = 0)
    {
        using var file = new FileStream(Filler, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Seek(0, SeekOrigin.End);
        foreach (var chunk in new[] { 64 << 10, 4 << 10 })
            try
            {
                while (true)
                    file.Write(new byte[chunk]);
            }
            catch (IOException)
            {
                // Full, for pieces of this size.
            }
        file.SetLength(file.Length - leave);
    }

    /// <summary>Somebody made room.</summary>
    public void MakeRoom() => File.Delete(Filler);

    public void Dispose()
    {
        // Lazily: who still has a file open there keeps it until it closes.
        Run("umount", "--lazy", Path);
        Directory.Delete(Path);
    }

    private static bool Try()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return false;
        try
        {
            using var disk = Mount(1);
            return true;
        }
        catch (Exception refused) when (refused is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static (int Code, string Said) Run(string program, params string[] arguments)
    {
        using var process =
            Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })
            ?? throw new InvalidOperationException($"{program} did not start");
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, said);
    }
}
