using System.Buffers.Binary;
using System.Text;

namespace Failback.Benchmarks;

/// <summary>Messages of a circuit as they are sent: arrays of MessagePack, each behind its length. As much of it as a page needs. Pure.</summary>
internal static class BlazorPack
{
    public const long Invocation = 1;
    public const long Completion = 3;
    public const long Close = 7;
    private const int MostArguments = 15;

    /// <summary>A call of the server; one with an id is answered by a completion.</summary>
    public static byte[] Call(string? id, string method, params object?[] arguments)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(arguments.Length, MostArguments);
        using var body = new MemoryStream();
        // Five members: the kind, no headers, id, method, arguments.
        body.Write([0x95, (byte)Invocation, 0x80]);
        Write(body, id);
        Write(body, method);
        body.WriteByte((byte)(0x90 | arguments.Length));
        foreach (var argument in arguments)
            Write(body, argument);
        using var message = new MemoryStream();
        using var writer = new BinaryWriter(message);
        writer.Write7BitEncodedInt((int)body.Length);
        writer.Write(body.ToArray());
        writer.Flush();
        return message.ToArray();
    }

    /// <summary>A message of the server: arrays are arrays, bytes are memory, whole numbers are long; maps and fractions are passed over.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static object?[] Read(ReadOnlyMemory<byte> message)
    {
        var position = 0;
        return Next(message, ref position) as object?[] ?? throw new InvalidDataException("The server sent what is no message.");
    }

    private static void Write(MemoryStream to, object? value)
    {
        Span<byte> head = stackalloc byte[9];
        switch (value)
        {
            case null:
                to.WriteByte(0xc0);
                break;
            case bool yes:
                to.WriteByte(yes ? (byte)0xc3 : (byte)0xc2);
                break;
            case long number:
                head[0] = 0xd3;
                BinaryPrimitives.WriteInt64BigEndian(head[1..], number);
                to.Write(head);
                break;
            case string text:
                var bytes = Encoding.UTF8.GetBytes(text);
                head[0] = 0xdb;
                BinaryPrimitives.WriteInt32BigEndian(head[1..], bytes.Length);
                to.Write(head[..5]);
                to.Write(bytes);
                break;
            default:
                throw new ArgumentException($"{value.GetType().Name} is no argument of a circuit.", nameof(value));
        }
    }

    private static object? Next(ReadOnlyMemory<byte> message, ref int position)
    {
        var kind = message.Span[position++];
        return kind switch
        {
            <= 0x7f => (long)kind,
            <= 0x8f => Pairs(message, ref position, kind & 0x0f),
            <= 0x9f => Items(message, ref position, kind & 0x0f),
            <= 0xbf => Text(message, ref position, kind & 0x1f),
            0xc0 => null,
            0xc2 or 0xc3 => kind == 0xc3,
            >= 0xc4 and <= 0xc6 => Bytes(message, ref position, Length(message, ref position, 1 << (kind - 0xc4))),
            0xca or 0xcb => Pass(message, ref position, kind == 0xca ? 4 : 8),
            >= 0xcc and <= 0xcf => (long)Number(message, ref position, 1 << (kind - 0xcc)),
            >= 0xd0 and <= 0xd3 => Signed(message, ref position, 1 << (kind - 0xd0)),
            >= 0xd9 and <= 0xdb => Text(message, ref position, Length(message, ref position, 1 << (kind - 0xd9))),
            0xdc or 0xdd => Items(message, ref position, Length(message, ref position, kind == 0xdc ? 2 : 4)),
            0xde or 0xdf => Pairs(message, ref position, Length(message, ref position, kind == 0xde ? 2 : 4)),
            >= 0xe0 => (long)(sbyte)kind,
            _ => throw new InvalidDataException($"The server sent a value of the kind {kind:x2}."),
        };
    }

    private static object?[] Items(ReadOnlyMemory<byte> message, ref int position, int count)
    {
        // Each takes at least a byte.
        if (count > message.Length - position)
            throw new InvalidDataException("The server sent an array that is cut off.");
        var items = new object?[count];
        for (var i = 0; i < count; i++)
            items[i] = Next(message, ref position);
        return items;
    }

    private static object? Pairs(ReadOnlyMemory<byte> message, ref int position, int count)
    {
        for (var i = 0; i < 2 * count; i++)
            Next(message, ref position);
        return null;
    }

    private static object? Pass(ReadOnlyMemory<byte> message, ref int position, int length)
    {
        Bytes(message, ref position, length);
        return null;
    }

    private static string Text(ReadOnlyMemory<byte> message, ref int position, int length) =>
        Encoding.UTF8.GetString(Bytes(message, ref position, length).Span);

    private static ReadOnlyMemory<byte> Bytes(ReadOnlyMemory<byte> message, ref int position, int length)
    {
        if (length > message.Length - position)
            throw new InvalidDataException("The server sent a message that is cut off.");
        var bytes = message.Slice(position, length);
        position += length;
        return bytes;
    }

    private static int Length(ReadOnlyMemory<byte> message, ref int position, int size) =>
        (int)Math.Min(Number(message, ref position, size), int.MaxValue);

    private static ulong Number(ReadOnlyMemory<byte> message, ref int position, int size)
    {
        var number = 0UL;
        foreach (var part in Bytes(message, ref position, size).Span)
            number = number << 8 | part;
        return number;
    }

    private static long Signed(ReadOnlyMemory<byte> message, ref int position, int size)
    {
        var unused = 64 - 8 * size;
        return (long)Number(message, ref position, size) << unused >> unused;
    }
}
