using System.Security.Cryptography;
using Failback.Hosting;
using Failback.Messages;

namespace Failback.Simulation;

/// <summary>The document port as one process reaches it.</summary>
internal sealed class SimulatedDocuments(SimulatedProcess process, SimulatedDatabase database) : IDocuments
{
    public async Task<DocumentReference> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken token)
    {
        await process.DelayAsync(database.Latency(), token);
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes.Span));
        database.Documents[digest] = bytes.ToArray();
        return new DocumentReference { Digest = digest, Length = bytes.Length };
    }

    public async Task<ReadOnlyMemory<byte>?> GetAsync(DocumentReference reference, CancellationToken token)
    {
        await process.DelayAsync(database.Latency(), token);
        return database.Documents.TryGetValue(reference.Digest, out var bytes) ? bytes : null;
    }
}
