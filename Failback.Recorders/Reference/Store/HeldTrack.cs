namespace Failback.Recorders;

/// <summary>What a recorder holds of one track, for people who ask.</summary>
internal sealed record HeldTrack(int Number, Track Track, int Items, long Bytes, DateTimeOffset First, DateTimeOffset Last)
{
    public static HeldTrack Of(TrackItems track)
    {
        var (bytes, last) = (0L, 0L);
        foreach (var item in track.Items)
            (bytes, last) = (bytes + item.Length, Math.Max(last, item.End));
        return new HeldTrack(track.Number, track.Track, track.Items.Length, bytes, At(track.Items[0].Start), At(last));
    }

    private static DateTimeOffset At(long ticks) => new(ticks, TimeSpan.Zero);
}
