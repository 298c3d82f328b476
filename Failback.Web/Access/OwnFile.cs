using System.Text.Json;

namespace Failback.Web;

/// <summary>A small JSON file that only this user may read. A reader finds the old one or the new one, never a part.</summary>
internal static class OwnFile
{
    public const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Written beside it, flushed to the disk, and put in its place.</summary>
    public static void Write<T>(string path, T value)
    {
        // Of two at once, in this process or another, each has one of its own, and the later one stays.
        var fresh = $"{path}.{Guid.NewGuid():N}.new";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnersOnly;
        try
        {
            using (var file = new FileStream(fresh, options))
            {
                JsonSerializer.Serialize(file, value, JsonSerializerOptions.Web);
                file.Flush(flushToDisk: true);
            }
            File.Move(fresh, path, overwrite: true);
        }
        catch
        {
            File.Delete(fresh);
            throw;
        }
    }
}
