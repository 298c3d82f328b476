using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Failback.Benchmarks;

/// <summary>What the operating system keeps of files in memory.</summary>
internal static class PageCache
{
    private const int DontNeed = 4;

    /// <summary>
    /// Lets go of what is kept of the files of a folder, if they are on the disk already; they stay as they are. Without effect where the
    /// operating system knows no such advice.
    /// </summary>
    public static void Drop(string folder)
    {
        if (!OperatingSystem.IsLinux() || !Directory.Exists(folder))
            return;
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            // Not by .NET, which would ask the recorder's locks. Advice: where it cannot be given, the figures show it.
            var descriptor = Open(path, 0);
            if (descriptor < 0)
                continue;
            using var file = new SafeFileHandle(descriptor, ownsHandle: true);
            _ = Advise(file, 0, 0, DontNeed);
        }
    }

    [DllImport("libc", EntryPoint = "open")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "posix_fadvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Advise(SafeFileHandle file, long offset, long length, int advice);
}
