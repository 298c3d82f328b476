using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Failback.Recorders;

namespace Failback.Host;

/// <summary>
/// Material for the demo: real H.264 and AAC in fragmented MP4 (made by Demo/Material/make), playable item by item, and text,
/// metadata, ANPR and alarms as JSON. Every item differs: its place is written into a free box, its time into the fragment.
/// </summary>
internal static class Clips
{
    /// <summary>Length of a segment.</summary>
    public static readonly TimeSpan SegmentLength = TimeSpan.FromSeconds(2);

    private const int Segments = 6;

    /// <summary>Decode times start again every day, so that players show times that people can read.</summary>
    private const int SegmentsPerDay = 43_200;
    private static readonly Lazy<Clip> Video = new(() => Clip.Load("video", timescale: 12_800));
    private static readonly Lazy<Clip> Audio = new(() => Clip.Load("audio", timescale: 16_000));

    /// <summary>The bytes of the item with that index of a track, as recorded by a recorder.</summary>
    public static byte[] Item(Track track, string recordedBy, long index) =>
        track.Kind switch
        {
            TrackKind.Video => Video.Value.Segment(index, Place(track, recordedBy, index)),
            TrackKind.Audio => Audio.Value.Segment(index, Place(track, recordedBy, index)),
            TrackKind.Anpr => Json($$"""{"plate":"{{Plate(index)}}","confidence":0.97,"place":"{{Place(track, recordedBy, index)}}"}"""),
            TrackKind.Alarm => Json(
                $$"""{"alarm":"{{track.TrackId}}","state":"{{(index % 2 == 0 ? "raised" : "cleared")}}","place":"{{Place(track, recordedBy, index)}}"}"""
            ),
            TrackKind.Text => Json($$"""{"line":"{{index}}  coffee  2.50","place":"{{Place(track, recordedBy, index)}}"}"""),
            _ => Json(
                $$"""{"objects":[{"class":"person","x":{{index % 320}},"y":{{index % 180}}}],"place":"{{Place(track, recordedBy, index)}}"}"""
            ),
        };

    /// <summary>How long an item of that kind lasts; records have no length.</summary>
    public static TimeSpan Duration(TrackKind kind) => kind is TrackKind.Anpr or TrackKind.Alarm ? TimeSpan.Zero : SegmentLength;

    /// <summary>Whether a track has an item at that index: records come now and then.</summary>
    public static bool Exists(TrackKind kind, long index) =>
        kind switch
        {
            TrackKind.Anpr => index % 5 == 0,
            TrackKind.Alarm => index % 15 == 0,
            _ => true,
        };

    private static string Place(Track track, string recordedBy, long index) =>
        $"{recordedBy}/{track.OriginRecorderId}/{track.Kind}/{track.TrackId}/{index}";

    private static string Plate(long index) => string.Create(CultureInfo.InvariantCulture, $"ABC-{index % 900 + 100}");

    private static byte[] Json(string text) => Encoding.UTF8.GetBytes(text);

    private sealed record Clip(byte[] Init, byte[][] Parts, int Timescale)
    {
        public static Clip Load(string name, int timescale) =>
            new(Resource($"{name}-init.mp4"), [.. Enumerable.Range(1, Segments).Select(x => Resource($"{name}-{x}.m4s"))], timescale);

        public byte[] Segment(long index, string place)
        {
            var part = Parts[index % Segments];
            var text = Encoding.UTF8.GetBytes(place);
            var item = new byte[Init.Length + part.Length + 8 + text.Length];
            Init.CopyTo(item, 0);
            part.CopyTo(item, Init.Length);
            MoveTime(
                item.AsSpan(Init.Length, part.Length),
                index % SegmentsPerDay / Segments * Segments * (long)SegmentLength.TotalSeconds * Timescale
            );
            var free = item.AsSpan(Init.Length + part.Length);
            BinaryPrimitives.WriteInt32BigEndian(free, free.Length);
            "free"u8.CopyTo(free[4..]);
            text.CopyTo(free[8..]);
            return item;
        }

        /// <summary>Adds to the base decode time (tfdt, version 1) of the fragment, so that items play on when put together.</summary>
        private static void MoveTime(Span<byte> part, long by)
        {
            var at = part.IndexOf("tfdt"u8);
            var time = part.Slice(at + 8, 8);
            BinaryPrimitives.WriteInt64BigEndian(time, BinaryPrimitives.ReadInt64BigEndian(time) + by);
        }

        private static byte[] Resource(string name)
        {
            using var stream =
                typeof(Clips).Assembly.GetManifestResourceStream(name)
                ?? throw new InvalidOperationException($"The clip {name} is not built in.");
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
    }
}
