using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Failback.Tests;

/// <summary>Makes bad inputs of good ones: bytes as a bad line or disk would, JSON as a bad or hostile publisher would.</summary>
internal static class Mutator
{
    private static readonly long[] Odd =
    [
        0,
        -1,
        1,
        byte.MaxValue,
        short.MaxValue,
        ushort.MaxValue,
        int.MaxValue,
        int.MinValue,
        uint.MaxValue,
        long.MaxValue,
        long.MinValue,
        DateTime.MaxValue.Ticks,
        DateTime.MaxValue.Ticks + 1,
        64L << 20,
        (64L << 20) + 1,
        5_000,
        5_001,
    ];

    /// <summary>One to four damages.</summary>
    public static byte[] Bytes(byte[] good, Random random)
    {
        var bytes = good;
        for (var times = random.Next(1, 5); times > 0; times--)
            bytes = Damaged(bytes, random);
        return bytes;
    }

    private static byte[] Damaged(byte[] bytes, Random random)
    {
        if (bytes.Length == 0)
            return Noise(random, random.Next(1, 64));
        var (at, length) = (random.Next(bytes.Length), random.Next(1, 17));
        length = Math.Min(length, bytes.Length - at);
        return random.Next(9) switch
        {
            0 => With(bytes, x => x[at] ^= (byte)(1 << random.Next(8))),
            1 => With(bytes, x => x[at] = (byte)Odd[random.Next(4)]),
            2 => [.. bytes[..at], .. Noise(random, random.Next(1, 33)), .. bytes[at..]],
            3 => [.. bytes[..at], .. bytes[(at + length)..]],
            4 => [.. bytes[..(at + length)], .. bytes[at..(at + length)], .. bytes[(at + length)..]],
            5 => bytes[..at],
            6 => With(bytes, x => WriteNumber(x.AsSpan(at), Odd[random.Next(Odd.Length)], random.Next(3))),
            7 => With(bytes, x => random.NextBytes(x.AsSpan(at, length))),
            _ => With(bytes, x => x.AsSpan(at, length).CopyTo(x.AsSpan(random.Next(x.Length - length + 1)))),
        };
    }

    public static byte[] Noise(Random random, int length)
    {
        var noise = new byte[length];
        random.NextBytes(noise);
        return noise;
    }

    /// <summary>Text that names, ids, versions and paths should not be; often one that a bound just allows or forbids.</summary>
    public static string NastyText(Random random) =>
        random.Next(20) switch
        {
            0 => "",
            1 => " ",
            2 => "../../../../etc/passwd",
            3 => "..\\..\\windows\\system32",
            4 => "\0",
            5 => "CON",
            6 => "/dev/zero",
            7 => "a\r\nSet-Cookie: b",
            8 => "\u001b[31mred",
            9 => "\u202Egnirts",
            10 => "e\u0301\u0301\u0301",
            11 => new string('x', random.Next(127, 130)),
            12 => new string('å', random.Next(511, 514)),
            13 => new string('y', 4_000 + random.Next(2)),
            14 => "\ud800",
            15 => "\ud83d\ude00",
            16 => "\ufeff\uffff",
            17 => "${jndi:ldap://x}{0}%s%n",
            18 => FuzzRun.Canary,
            _ => "'; DROP TABLE outbox; --",
        };

    /// <summary>A JSON text of which one to three places are wrong; sometimes its bytes are damaged too.</summary>
    public static byte[] Json(string good, Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(good);
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            if (Parsed(bytes) is not { } parsed)
                break;
            using (parsed)
                bytes = Encoding.UTF8.GetBytes(new JsonWrong(parsed.RootElement, random).Text());
        }
        return random.Next(6) == 0 ? Bytes(bytes, random) : bytes;
    }

    private static JsonDocument? Parsed(byte[] bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[] With(byte[] bytes, Action<byte[]> change)
    {
        var copy = (byte[])bytes.Clone();
        change(copy);
        return copy;
    }

    private static void WriteNumber(Span<byte> to, long number, int width)
    {
        if (width == 0 && to.Length >= 2)
            BinaryPrimitives.WriteUInt16LittleEndian(to, unchecked((ushort)number));
        else if (width == 1 && to.Length >= 4)
            BinaryPrimitives.WriteUInt32LittleEndian(to, unchecked((uint)number));
        else if (to.Length >= 8)
            BinaryPrimitives.WriteInt64LittleEndian(to, number);
    }
}

/// <summary>Writes a JSON value again with one place wrong. By hand, as a serialiser would write neither a member twice nor depth 10,000.</summary>
internal sealed class JsonWrong
{
    private static readonly string[] Values =
    [
        "null",
        "true",
        "-1",
        "0",
        "9223372036854775807",
        "9223372036854775808",
        "1e999",
        "-1e-999",
        "0.1",
        "01",
        "NaN",
        "\"\"",
        "[]",
        "{}",
        "[null]",
        "{\"$type\":\"System.IO.FileInfo, System.Runtime\"}",
        "{\"$ref\":\"#\"}",
        "\"00000000-0000-0000-0000-000000000000\"",
        "\"0001-01-01T00:00:00+14:00\"",
        "\"9999-12-31T23:59:60Z\"",
        "\"2026-03-29T03:30:00+02:00\"",
        "\"2016-12-31T23:59:60Z\"",
        "\"2026-02-30T00:00:00Z\"",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "\"http://user:" + FuzzRun.Canary + "@10.0.0.1\"",
    ];

    private readonly Random random;
    private readonly StringBuilder text = new();
    private readonly JsonElement root;
    private readonly int wrong;
    private int seen;

    public JsonWrong(JsonElement root, Random random)
    {
        (this.root, this.random) = (root, random);
        wrong = random.Next(Nodes(root));
    }

    public string Text()
    {
        Write(root);
        return text.ToString();
    }

    private static int Nodes(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.Object => 1 + element.EnumerateObject().Sum(x => Nodes(x.Value)),
            JsonValueKind.Array => 1 + element.EnumerateArray().Sum(Nodes),
            _ => 1,
        };

    private void Write(JsonElement element)
    {
        var isWrong = seen++ == wrong;
        if (isWrong && (element.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array) || random.Next(4) == 0))
        {
            text.Append(Wrong());
            Skip(element);
        }
        else if (element.ValueKind == JsonValueKind.Object)
            Members(element, isWrong);
        else if (element.ValueKind == JsonValueKind.Array)
            Elements(element, isWrong);
        else
            text.Append(element.GetRawText());
    }

    private void Skip(JsonElement element) => seen += Nodes(element) - 1;

    private string Wrong()
    {
        var depth = random.Next(50) == 0 ? 10_000 : random.Next(8, 80);
        return random.Next(16) switch
        {
            < 8 => Escaped(Mutator.NastyText(random)),
            8 => new string('[', depth) + new string(']', depth),
            9 => string.Concat(Enumerable.Repeat("{\"a\":", Math.Min(depth, 5_000))) + "1" + new string('}', Math.Min(depth, 5_000)),
            10 => new string('9', random.Next(1, 400)),
            _ => Values[random.Next(Values.Length)],
        };
    }

    /// <summary>Escaped by hand: halves of surrogate pairs must get through.</summary>
    private static string Escaped(string plain) =>
        "\"" + string.Concat(plain.Select(x => x is < ' ' or '"' or '\\' or > '~' ? $"\\u{(int)x:x4}" : x.ToString())) + "\"";

    private void Members(JsonElement element, bool isWrong)
    {
        var members = element.EnumerateObject().ToList();
        var how = isWrong ? random.Next(5) : -1;
        var which = members.Count == 0 ? -1 : random.Next(members.Count);
        text.Append('{');
        var first = true;
        for (var i = 0; i < members.Count; i++)
        {
            if (how == 0 && i == which)
            {
                seen += Nodes(members[i].Value);
                continue;
            }
            Name(how == 1 && i == which ? Other(members[i].Name) : members[i].Name, ref first);
            Write(members[i].Value);
            if (how == 2 && i == which)
            {
                Name(random.Next(2) == 0 ? members[i].Name : Other(members[i].Name), ref first);
                text.Append(Wrong());
            }
        }
        if (how == 3)
        {
            Name(FuzzRun.Canary, ref first);
            text.Append(Wrong());
        }
        text.Append(how == 4 ? "" : "}");
    }

    private void Name(string name, ref bool first)
    {
        text.Append(first ? "" : ",").Append(Escaped(name)).Append(':');
        first = false;
    }

    private string Other(string name) =>
        random.Next(3) switch
        {
            0 => name.ToUpperInvariant(),
            1 => name + "\0",
            _ => FuzzRun.Canary,
        };

    private void Elements(JsonElement element, bool isWrong)
    {
        var count = element.GetArrayLength();
        var how = isWrong ? random.Next(3) : -1;
        text.Append('[');
        for (var i = 0; i < count; i++)
        {
            text.Append(i == 0 ? "" : ",");
            Write(element[i]);
        }
        if (how == 0)
            text.Append(count == 0 ? "" : ",").Append(Wrong());
        if (how == 1 && count > 0)
            text.Append(string.Concat(Enumerable.Repeat("," + element[0].GetRawText(), random.Next(1, 200))));
        text.Append(how == 2 ? "" : "]");
    }
}
