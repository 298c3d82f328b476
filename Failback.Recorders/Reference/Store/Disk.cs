using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Failback.Recorders;

/// <summary>Writes that are durable when they say so, and a full disk as a fault of the recorder.</summary>
internal sealed class Disk
{
    private const int NoSpace = 28;
    private const int QuotaReached = 122;
    private const int Interrupted = 4;
    private const int MostInterruptions = 1_000;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>EINTR, EINVAL, ESPIPE, ENOSYS: nothing was begun, and nothing is lost.</summary>
    private static readonly int[] CannotBegin = [Interrupted, 22, 29, 38];

    /// <summary>What a full disk still needs for letting go of what is too old.</summary>
    private const int ReserveBytes = 4 << 20;

    private readonly Lock played = new();
    private string? reserve;

    /// <summary>Bytes until the disk plays full; null for the real one only.</summary>
    public long? BytesLeft { get; set; }

    /// <summary>Told of each file that was written (false) or synced (true); what a specification of durability looks at.</summary>
    public Action<SafeFileHandle, bool>? Seen { get; set; }

    /// <summary>
    /// Told of each stretch, from and to, that the system was asked to begin with; returns the error that the disk plays, 0 for none.
    /// </summary>
    public Func<SafeFileHandle, long, long, int>? Begun { get; set; }

    /// <exception cref="RecorderException">Full.</exception>
    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        lock (played)
        {
            if (BytesLeft < bytes.Length)
                throw Full(null);
            BytesLeft -= bytes.Length;
        }
        try
        {
            RandomAccess.Write(file, bytes, offset);
            Seen?.Invoke(file, false);
        }
        catch (IOException fault) when (IsFull(fault.HResult))
        {
            throw Full(fault);
        }
    }

    /// <summary>Keeps a reserve in a file, as long as there is room for one.</summary>
    public void KeepReserve(string path)
    {
        reserve = path;
        MakeReserve();
    }

    /// <summary>Does what frees room, or is needed for it. When the disk is full, the reserve is given up for it, and made again when it can be.</summary>
    /// <param name="act">Leaves nothing when it throws; it may be done twice.</param>
    /// <exception cref="RecorderException">Full: there was no reserve left.</exception>
    public void Freeing(Action act)
    {
        try
        {
            act();
        }
        catch (RecorderException fault) when (fault.Fault == RecorderFault.Full && GiveUpReserve())
        {
            act();
        }
    }

    private bool GiveUpReserve()
    {
        if (reserve is null || !File.Exists(reserve))
            return false;
        File.Delete(reserve);
        lock (played)
            BytesLeft += ReserveBytes;
        return true;
    }

    /// <summary>Makes the reserve again that was given up.</summary>
    public void MakeReserve()
    {
        if (reserve is null || File.Exists(reserve))
            return;
        lock (played)
        {
            if (BytesLeft < ReserveBytes)
                return;
            BytesLeft -= ReserveBytes;
        }
        try
        {
            using var file = File.OpenHandle(reserve, FileMode.Create, FileAccess.Write, preallocationSize: ReserveBytes);
            RandomAccess.SetLength(file, ReserveBytes);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Without one the recorder works as well, as long as there is room.
            File.Delete(reserve);
        }
    }

    /// <summary>Whether the disk of a folder still takes anything, full or not: one that went away does not.</summary>
    public bool IsThere(string folder)
    {
        var path = Path.Combine(folder, "probe");
        try
        {
            using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.DeleteOnClose);
            RandomAccess.Write(file, [0], 0);
            Sync(file);
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return IsFull(fault.HResult);
        }
    }

    /// <summary>A new file, whose name is durable.</summary>
    /// <exception cref="RecorderException">Full.</exception>
    public static SafeFileHandle Create(string path)
    {
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (IOException fault) when (IsFull(fault.HResult))
        {
            throw Full(fault);
        }
        try
        {
            SyncFolder(Path.GetDirectoryName(path)!);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>False leaves what was written to the operating system, for measuring beside tools that do so too.</summary>
    public bool IsDurable { get; set; } = true;

    /// <exception cref="IOException">What was written may be lost: no answer may say that it is there.</exception>
    public void Sync(SafeFileHandle file)
    {
        if (!IsDurable)
            return;
        // .NET is silent about a disk that became read-only, and about one that cannot sync.
        if (OperatingSystem.IsLinux())
            SyncDirectly(file);
        else
            RandomAccess.FlushToDisk(file);
        Seen?.Invoke(file, true);
    }

    private static void SyncDirectly(SafeFileHandle file)
    {
        for (var tries = 0; Native.FSync(file) != 0; tries++)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted || tries == MostInterruptions)
                throw new IOException($"A file or folder could not be synced: error {error}.");
        }
    }

    /// <summary>
    /// Asks the system to begin with writing a stretch to the disk, so that a sync finds little left to do. Nothing is durable by it, and it
    /// does not wait for what it began; but a file system that cannot even place the bytes says so here, and perhaps nowhere else.
    /// </summary>
    /// <exception cref="IOException">What was written is lost.</exception>
    /// <exception cref="RecorderException">Full: and so it is.</exception>
    public void Begin(SafeFileHandle file, long from, long to)
    {
        if (!IsDurable || !OperatingSystem.IsLinux())
            return;
        var error = Native.SyncFileRange(file, from, to - from, Native.BeginOnly) == 0 ? 0 : Marshal.GetLastPInvokeError();
        if (error == 0)
            error = Begun?.Invoke(file, from, to) ?? 0;
        if (IsFull(error))
            throw Full(null);
        if (error != 0 && !CannotBegin.Contains(error))
            throw new IOException($"A file could not be written to the disk: error {error}.");
    }

    /// <summary>Makes created, renamed and removed names durable. Windows has nothing to do here.</summary>
    public static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Native.Open(folder, 0);
        if (descriptor < 0)
            throw new IOException($"A folder could not be opened to sync it: error {Marshal.GetLastPInvokeError()}.");
        using var opened = new SafeFileHandle(descriptor, ownsHandle: true);
        SyncDirectly(opened);
    }

    /// <summary>Replaces a file as a whole: after a crash it is the old one or the new one.</summary>
    /// <exception cref="RecorderException">Full.</exception>
    public void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        var temporary = path + ".new";
        try
        {
            using var file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write);
            Write(file, bytes, 0);
            Sync(file);
        }
        catch (IOException fault) when (IsFull(fault.HResult))
        {
            throw Full(fault);
        }
        File.Move(temporary, path, overwrite: true);
        SyncFolder(Path.GetDirectoryName(path)!);
    }

    private static bool IsFull(int error) => error is NoSpace or QuotaReached or WindowsDiskFull;

    private static RecorderException Full(IOException? fault) => new(RecorderFault.Full, "no room left", fault);

    private static class Native
    {
        /// <summary>SYNC_FILE_RANGE_WRITE: the flags that wait would take a fault of the disk away from the sync.</summary>
        public const uint BeginOnly = 2;

        [DllImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int SyncFileRange(SafeFileHandle file, long offset, long count, uint flags);

        [DllImport("libc", EntryPoint = "open", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int FSync(SafeFileHandle file);
    }
}
