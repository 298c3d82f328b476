using Failback.Messages;

namespace Failback.Hosting;

/// <summary>
/// The document port: settings, copy plans and reports by digest, because documents do not ride the bus. In process when embedded,
/// over HTTP with a bearer secret otherwise; the digest is checked at both ends.
/// </summary>
public interface IDocuments
{
    /// <summary>Stores bytes under their SHA-256; storing them again changes nothing. At most 32 MiB.</summary>
    Task<DocumentReference> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken token);

    /// <summary>The bytes with that digest; null when they are missing or damaged.</summary>
    Task<ReadOnlyMemory<byte>?> GetAsync(DocumentReference reference, CancellationToken token);
}
