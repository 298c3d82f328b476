using System.Security.Cryptography;
using System.Text;

namespace Failback.Saga;

/// <summary>Ids of effects are derived (UUID version 5 of RFC 9562), so that deciding twice gives the same ids.</summary>
internal static class DerivedId
{
    private static readonly Guid Space = new("6f9c5f3a-0b7e-5d0c-9a55-3d1f0f1b7a10");

    /// <summary>The id of these parts, in this order; parts are separated, so that no two lists run together.</summary>
    public static Guid Of(params ReadOnlySpan<object> parts)
    {
        var name = new StringBuilder();
        foreach (var part in parts)
            name.Append(part is DateTime instant ? instant.ToString("O") : part.ToString()).Append('\u001f');
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // RFC 9562 defines version 5 with SHA-1; it is a name here, not a protection.
        SHA1.HashData([.. Space.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name.ToString())], hash);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0f) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <summary>One failback per failed recorder, by construction (R9).</summary>
    public static Guid OfFailback(string failedRecorderId) => Of("failback", failedRecorderId);

    /// <summary>One material copy per entry.</summary>
    public static Guid OfMaterialCopy(Guid entryId) => Of("material copy", entryId);
}
