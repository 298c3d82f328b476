namespace Failback.Recorders;

/// <summary>What a caller asks of a recorder over the wire.</summary>
public enum RecorderOperation
{
    Identity = 1,
    Status = 2,
    GetSettings = 3,
    PutSettings = 4,
    Activate = 5,
    Release = 6,
    ListChannels = 7,
    ListItems = 8,
    ReadItems = 9,
    WriteItems = 10,
    VerifyItems = 11,
    Hold = 12,
    ReleaseHold = 13,
    ListHolds = 14,

    /// <summary>The listings for people.</summary>
    Browse = 15,
    ListCopied = 16,
    DigestItems = 17,
    IssueTicket = 18,
    CopyFrom = 19,
}

/// <summary>What goes wrong with one request.</summary>
public enum ScriptedFault
{
    /// <summary>500 without doing anything.</summary>
    Error = 1,

    /// <summary>429 without doing anything.</summary>
    TooMany = 2,

    /// <summary>Not even headers come.</summary>
    HangInHeaders = 3,

    /// <summary>The answer stops after some bytes, and the connection stays.</summary>
    HangInBody = 4,

    /// <summary>The answer stops after some bytes, and the connection is cut.</summary>
    Truncate = 5,

    /// <summary>One bit of the answer is another.</summary>
    FlipBit = 6,

    /// <summary>It is done, and the connection is cut instead of the answer.</summary>
    LoseAnswer = 7,

    /// <summary>It answers as another recorder.</summary>
    OtherIdentity = 8,

    /// <summary>Settings are refused as incompatible.</summary>
    RefuseSettings = 9,

    /// <summary>Half of the settings are applied, then 500.</summary>
    HalfApplySettings = 10,
}

/// <summary>
/// Faults that a <see cref="RecorderServer"/> plays, in the order scripted for each operation; for tests and rehearsals only.
/// A server has none unless code gives it a script.
/// </summary>
public sealed class FaultScript
{
    private readonly Lock gate = new();
    private readonly Dictionary<RecorderOperation, Queue<(ScriptedFault, int)>> scripted = [];

    /// <summary>Requests that met a fault so far.</summary>
    public int Played { get; private set; }

    /// <summary>Scripts a fault for the next requests of an operation.</summary>
    /// <param name="atByte">Where in the answer <see cref="ScriptedFault.HangInBody"/>, Truncate and FlipBit act.</param>
    public FaultScript Next(RecorderOperation operation, ScriptedFault fault, int times = 1, int atByte = 0)
    {
        lock (gate)
        {
            if (!scripted.TryGetValue(operation, out var queue))
                scripted[operation] = queue = new Queue<(ScriptedFault, int)>();
            for (var i = 0; i < times; i++)
                queue.Enqueue((fault, atByte));
        }
        return this;
    }

    internal (ScriptedFault Fault, int AtByte)? Take(RecorderOperation operation)
    {
        lock (gate)
        {
            if (!scripted.TryGetValue(operation, out var queue) || !queue.TryDequeue(out var next))
                return null;
            Played++;
            return next;
        }
    }
}

/// <summary>Faults of the disk under a reference recorder, for tests.</summary>
public static class DiskFaults
{
    /// <summary>
    /// What it answers is not durable any more: a power failure loses it. For measuring beside tools that promise nothing either.
    /// </summary>
    public static void ForgoDurability(this ReferenceRecorder recorder) => recorder.Disk.IsDurable = false;

    /// <summary>The disk is full after so many more bytes; null ends it.</summary>
    public static void FillAfter(this ReferenceRecorder recorder, long? bytes) => recorder.Disk.BytesLeft = bytes;

    /// <summary>Changes one bit of an item's content on disk.</summary>
    /// <exception cref="ArgumentException">It has no such item, or the item is empty.</exception>
    public static void FlipBitOnDisk(this ReferenceRecorder recorder, Track track, ItemEntry entry, int atByte = 0)
    {
        if (recorder.Locate(track, [entry]) is not [{ Length: > 0 } item])
            throw new ArgumentException("No such item with a content.", nameof(entry));
        using var file = File.OpenHandle(
            recorder.PackPathOf(item),
            FileMode.Open,
            FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete
        );
        Span<byte> one = [0];
        RandomAccess.Read(file, one, item.Offset + atByte);
        one[0] ^= 1;
        RandomAccess.Write(file, one, item.Offset + atByte);
    }
}
