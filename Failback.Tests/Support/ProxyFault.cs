namespace Failback.Tests;

/// <summary>What a <see cref="FaultProxy"/> does to bytes.</summary>
internal abstract class ProxyFault
{
    /// <summary>Everything passes.</summary>
    public static readonly ProxyFault None = new Healthy();

    /// <summary>RST for every connection that sends a byte, and for every new one.</summary>
    public static readonly ProxyFault Reset = new ResetAtOnce();

    /// <summary>Connections stay open, and every byte of both sides is swallowed: the other side looks frozen.</summary>
    public static readonly ProxyFault Swallow = new HalfOpen();

    /// <summary>Each chunk of both sides waits this long; order is kept.</summary>
    public static ProxyFault Delay(TimeSpan by) => new Delayed(by);

    /// <summary>The server's next bytes pass up to this many in all connections together; then the connection ends in the middle.</summary>
    public static Truncated Truncate(long bytes) => new(bytes);

    /// <summary>
    /// A request that contains the mark reaches the server, the server's reply to it is dropped and the connection reset; so
    /// <paramref name="times"/> times, everything else passes.
    /// </summary>
    public static ReplyLost DropReply(ReadOnlySpan<byte> mark, int times = 1) => new(mark.ToArray(), times);

    /// <summary>After so many bytes to the server, what follows waits, and nothing is lost; other connections that come later pass.</summary>
    public static Held Hold(long bytes) => new(bytes);

    internal sealed class Healthy : ProxyFault;

    internal sealed class ResetAtOnce : ProxyFault;

    internal sealed class HalfOpen : ProxyFault;

    internal sealed class Delayed(TimeSpan by) : ProxyFault
    {
        public TimeSpan By => by;
    }

    internal sealed class Truncated(long bytes) : ProxyFault
    {
        private long left = bytes;

        /// <summary>A connection was ended for it.</summary>
        public bool IsSpent => Interlocked.Read(ref left) < 0;

        /// <summary>How many of so many may still pass.</summary>
        public int Take(int wanted)
        {
            var before = Interlocked.Add(ref left, -wanted) + wanted;
            return (int)Math.Clamp(before, 0, wanted);
        }
    }

    internal sealed class ReplyLost(byte[] mark, int times) : ProxyFault
    {
        private int taken;

        /// <summary>Replies that were lost so far.</summary>
        public int Replies => Math.Min(Volatile.Read(ref taken), times);

        internal bool IsMeant(ReadOnlySpan<byte> request) => request.IndexOf(mark) >= 0;

        /// <summary>
        /// Whether this reply is one of them. Not asked before the server answers: of several requests on one connection the
        /// reset takes all, and one whose connection ends first never has a reply.
        /// </summary>
        internal bool Take() => Interlocked.Increment(ref taken) <= times;
    }

    internal sealed class Held(long bytes) : ProxyFault
    {
        private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long left = bytes;

        /// <summary>Bytes wait.</summary>
        public bool Holds => Interlocked.Read(ref left) < 0;

        public void Release() => released.TrySetResult();

        internal Task TurnAsync(int length) => Interlocked.Add(ref left, -length) < 0 ? released.Task : Task.CompletedTask;
    }
}
