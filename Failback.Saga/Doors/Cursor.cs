using System.Buffers.Binary;
using System.Buffers.Text;

namespace Failback.Saga;

/// <summary>Behind which row a page begins, as text that callers only hand back. Pure.</summary>
internal static class Cursor
{
    private const string Allowed = "must be what the page before gave as Next";
    private const int Bytes = sizeof(long) + 16;
    private static readonly int Characters = Base64Url.GetEncodedLength(Bytes);

    public static string Of(DateTime at, Guid id)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, at.Ticks);
        id.TryWriteBytes(bytes[sizeof(long)..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Null is the beginning.</summary>
    /// <exception cref="ArgumentException">It is none of ours; names the field.</exception>
    public static (DateTime At, Guid Id)? Read(string? text, string field)
    {
        if (text is null)
            return null;
        Span<byte> bytes = stackalloc byte[Bytes];
        if (
            text.Length != Characters
            || !Base64Url.IsValid(text)
            || !Base64Url.TryDecodeFromChars(text, bytes, out var read)
            || read != Bytes
        )
            throw Query.Wrong(field, Allowed);
        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks)
            throw Query.Wrong(field, Allowed);
        return (new DateTime(ticks, DateTimeKind.Utc), new Guid(bytes[sizeof(long)..], bigEndian: true));
    }
}
