using Microsoft.AspNetCore.Http;

namespace Failback.Recorders;

/// <summary>The body of an answer that goes wrong at a byte.</summary>
internal sealed class FaultBody(HttpContext context, Stream inner, ScriptedFault fault, int atByte) : Stream
{
    private long written;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var at = atByte - written;
        written += buffer.Length;
        if (at < 0 || at >= buffer.Length)
        {
            await inner.WriteAsync(buffer, cancellationToken);
            return;
        }
        if (fault == ScriptedFault.FlipBit)
        {
            var changed = buffer.ToArray();
            changed[at] ^= 1;
            await inner.WriteAsync(changed, cancellationToken);
            return;
        }
        await inner.WriteAsync(buffer[..(int)at], cancellationToken);
        await inner.FlushAsync(cancellationToken);
        if (fault == ScriptedFault.HangInBody)
            await context.HangAsync();
        context.Abort();
        throw new OperationCanceledException("scripted");
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() { }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

internal static class Hanging
{
    /// <summary>Until the caller gives up.</summary>
    public static async Task HangAsync(this HttpContext context)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = context.RequestAborted.Register(gone.SetResult);
        await gone.Task;
        context.RequestAborted.ThrowIfCancellationRequested();
    }
}
