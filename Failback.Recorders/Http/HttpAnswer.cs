namespace Failback.Recorders;

/// <summary>An answer whose headers came: its body is read under the stall time, and every trouble is a fault of the recorder.</summary>
internal sealed class HttpAnswer(HttpResponseMessage response, Stream body, StallGuard guard, HttpFaults faults)
    : ReadOnlyStream(response.Content.Headers.ContentLength ?? -1)
{
    public HttpResponseMessage Response => response;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        guard.Arm();
        try
        {
            return await body.ReadAsync(buffer, guard.Token);
        }
        catch (Exception thrown)
        {
            throw faults.Translate(thrown, guard);
        }
        finally
        {
            guard.Disarm();
        }
    }

    /// <exception cref="RecorderException">BadAnswer: it is longer than allowed.</exception>
    public async Task<byte[]> ReadToEndAsync(int most)
    {
        try
        {
            return await Wire.ReadToEndAsync(this, most, guard.Token);
        }
        catch (WireException long_)
        {
            throw faults.BadAnswer(long_.Message);
        }
    }

    /// <exception cref="RecorderException">BadAnswer: not the JSON that is expected.</exception>
    public async Task<T> ReadJsonAsync<T>(int most = Wire.JsonBytes)
    {
        try
        {
            return System.Text.Json.JsonSerializer.Deserialize<T>(await ReadToEndAsync(most), Wire.Json) ?? throw faults.BadAnswer("null");
        }
        catch (Exception nonsense) when (nonsense is System.Text.Json.JsonException or NotSupportedException or InvalidOperationException)
        {
            throw faults.BadAnswer("not the JSON that is expected");
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            response.Dispose();
            guard.Dispose();
        }
        base.Dispose(disposing);
    }
}
