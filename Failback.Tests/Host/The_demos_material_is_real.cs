using Failback.Host;
using Failback.Recorders;

namespace Failback.Tests;

public sealed class The_demos_material_is_real
{
    private static readonly Track Camera = new("recorder-1", TrackKind.Video, "cam-1");
    private static readonly Track Microphone = new("recorder-1", TrackKind.Audio, "mic-1");

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(43_199)]
    public async Task every_item_plays_by_itself(long index)
    {
        Assert.Equal("h264,25", await Ffprobe.StreamAsync(Clips.Item(Camera, "failover-1", index)));
        Assert.StartsWith("aac,3", await Ffprobe.StreamAsync(Clips.Item(Microphone, "failover-1", index)));
    }

    [Fact]
    public async Task items_put_together_play_on()
    {
        byte[] minute = [.. Enumerable.Range(600, 30).SelectMany(x => Clips.Item(Camera, "failover-1", x))];
        Assert.Equal("h264,750", await Ffprobe.StreamAsync(minute));
    }

    [Fact]
    public void no_two_items_are_equal()
    {
        var items = Enumerable
            .Range(0, 50)
            .SelectMany(x => new[] { "failover-1", "recorder-1" }.Select(y => Convert.ToBase64String(Clips.Item(Camera, y, x))));
        Assert.Equal(100, items.Distinct().Count());
    }
}
