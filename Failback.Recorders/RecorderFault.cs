namespace Failback.Recorders;

/// <summary>Why a recorder did not do what was asked: a closed set; <see cref="RecorderFaults.WaitingHelps"/> says whether to try again.</summary>
public enum RecorderFault
{
    /// <summary>Refused, reset, no route, name unknown, 5xx of the other side.</summary>
    Unreachable = 1,

    /// <summary>Connected, but nothing came within the stall time.</summary>
    Stalled = 2,

    /// <summary>The answer was cut short or breaks the protocol.</summary>
    BadAnswer = 3,

    /// <summary>Another machine answers on the address.</summary>
    WrongIdentity = 4,

    /// <summary>The credentials were refused.</summary>
    Forbidden = 5,

    /// <summary>No room left on the recorder.</summary>
    Full = 6,

    /// <summary>A newer attempt was seen.</summary>
    StaleAttempt = 7,

    /// <summary>The settings name a format, version, storage or driver it lacks (D18).</summary>
    Incompatible = 8,

    /// <summary>It is in a role in which it does not do this.</summary>
    WrongRole = 9,

    /// <summary>The request is refused as malformed or over a limit.</summary>
    BadRequest = 10,

    /// <summary>The address is malformed, of an unknown scheme, or not allowed.</summary>
    BadAddress = 11,

    /// <summary>The recorder does not have this optional ability.</summary>
    NotSupported = 12,

    /// <summary>A transient refusal: 429 or 503.</summary>
    Busy = 13,
}

/// <summary>What is known about a fault.</summary>
public static class RecorderFaults
{
    /// <summary>True when the same request may succeed later without anybody changing anything.</summary>
    public static bool WaitingHelps(this RecorderFault fault) =>
        fault is RecorderFault.Unreachable or RecorderFault.Stalled or RecorderFault.BadAnswer or RecorderFault.Busy or RecorderFault.Full;
}

/// <summary>A recorder did not do what was asked. The message names the recorder and the phase, never a secret.</summary>
public sealed class RecorderException(RecorderFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public RecorderFault Fault { get; } = fault;
}
