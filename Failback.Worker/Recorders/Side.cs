using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>Which of the two recorders is meant: a failure names the side at fault.</summary>
internal enum Side
{
    /// <summary>The source of a material copy; what stood in.</summary>
    FailoverServer = 1,

    /// <summary>The target of a material copy; the repaired recorder.</summary>
    Recorder = 2,
}

/// <summary>A recorder's fault with the side it happened on; never leaves the room: it becomes a reason or a failure.</summary>
internal sealed class SideException(Side side, RecorderFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public Side Side { get; } = side;
    public RecorderFault Fault { get; } = fault;
}

/// <summary>A fault of a side as the bus says it.</summary>
internal static class SideFaults
{
    /// <summary>The most that a detail on the bus may have; longer ones are cut.</summary>
    public const int DetailCharacters = 512;

    /// <summary>Faults of the connection: trying again within the same message may help.</summary>
    public static bool IsTransient(this RecorderFault fault) =>
        fault is RecorderFault.Unreachable or RecorderFault.Stalled or RecorderFault.BadAnswer or RecorderFault.Busy;

    public static CopyFailure AsCopyFailure(this SideException fault) =>
        (fault.Side, fault.Fault) switch
        {
            (_, RecorderFault.WrongIdentity) => CopyFailure.WrongIdentity,
            (Side.FailoverServer, RecorderFault.Unreachable or RecorderFault.Busy or RecorderFault.BadAnswer) =>
                CopyFailure.NoFailoverServerConnection,
            (Side.FailoverServer, RecorderFault.Stalled) => CopyFailure.FailoverServerStalled,
            (Side.FailoverServer, _) => CopyFailure.FailoverServerRefused,
            (_, RecorderFault.Unreachable or RecorderFault.Busy or RecorderFault.BadAnswer) => CopyFailure.NoRecorderConnection,
            (_, RecorderFault.Stalled) => CopyFailure.RecorderStalled,
            (_, RecorderFault.Full) => CopyFailure.RecorderFull,
            _ => CopyFailure.RecorderRefused,
        };

    /// <summary>The failure of a recorder that answers, but not what it was asked.</summary>
    public static CopyFailure AsRefused(this Side side) =>
        side == Side.Recorder ? CopyFailure.RecorderRefused : CopyFailure.FailoverServerRefused;

    /// <summary>Another machine on the address is no connection to the one that is meant (E10).</summary>
    public static FailbackReason AsNoConnection(this Side side) =>
        side == Side.Recorder ? FailbackReason.NoRecorderConnection : FailbackReason.NoFailoverServerConnection;

    public static string Cut(string detail) => detail.Length <= DetailCharacters ? detail : detail[..DetailCharacters];
}
