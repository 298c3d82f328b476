using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Web;

/// <summary>
/// Scripts, styles and icon of the console, carried inside the assembly: whatever process hosts the room, published or not, has them, and
/// no other host is asked. Their address holds their digest, so browsers keep them until they change.
/// </summary>
internal sealed class ConsoleAssets
{
    private const string Prefix = "console/";
    private const int BrotliQuality = 9;
    private const int BrotliWindow = 22;
    private const string Styles = "console.css";

    private static readonly Dictionary<string, string> Types = new()
    {
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    private readonly Dictionary<string, Asset> _assets;

    public ConsoleAssets()
    {
        var parts = typeof(ConsoleAssets).Assembly.GetManifestResourceNames().Where(x => x.StartsWith(Prefix, StringComparison.Ordinal));
        // Our styles are some files for people and one for browsers, in the order of their names.
        _assets = parts
            .Order(StringComparer.Ordinal)
            .GroupBy(x => x.EndsWith(".css", StringComparison.Ordinal) && !x.Contains("MudBlazor") ? Styles : x[Prefix.Length..])
            .ToDictionary(x => x.Key, x => new Asset(x.Key, [.. x.SelectMany(Bytes)]));
    }

    /// <summary>Relative to the base of the page.</summary>
    public string this[string name] => $"{Prefix}{_assets[name].Digest}/{name}";

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapMethods(
                $"/{Prefix}{{digest}}/{{name}}",
                ["GET", "HEAD"],
                (string name, HttpContext context, ConsoleAssets assets) => assets.Give(name, context)
            )
            .OpenToAll("files of the console hold no data")
            .ExcludeFromDescription();

    private IResult Give(string name, HttpContext context)
    {
        if (!_assets.TryGetValue(name, out var asset))
            return Results.NotFound();
        var headers = context.Response.Headers;
        headers.CacheControl = "public, max-age=31536000, immutable";
        headers.Vary = "Accept-Encoding";
        headers.XContentTypeOptions = "nosniff";
        if (!context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal))
            return Results.Bytes(asset.Bytes, asset.Type);
        headers.ContentEncoding = "br";
        return Results.Bytes(asset.Compressed, asset.Type);
    }

    private static byte[] Bytes(string resource)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private sealed class Asset(string name, byte[] bytes)
    {
        private readonly Lazy<byte[]> _compressed = new(() => Compress(bytes));

        public byte[] Bytes { get; } = bytes;
        public byte[] Compressed => _compressed.Value;
        public string Digest { get; } = Convert.ToHexStringLower(SHA256.HashData(bytes))[..16];
        public string Type { get; } = Types[Path.GetExtension(name)];

        private static byte[] Compress(byte[] bytes)
        {
            var room = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
            return BrotliEncoder.TryCompress(bytes, room, out var length, BrotliQuality, BrotliWindow) ? room[..length] : bytes;
        }
    }
}
