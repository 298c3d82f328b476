using Failback.Recorders;

namespace Failback.Tests;

/// <summary>By a damaged file system, or a copy of the folder that was put back in part. What lies in the packs must wait for the rest.</summary>
[Covers("F1", "F5", "D5", "I2")]
public sealed class When_files_of_a_recorder_are_lost
{
    private static readonly Track One = new("origin", TrackKind.Video, "camera 1");
    private static readonly Track Two = One with { TrackId = "camera 2" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Without its state it would also forget what must not be deleted.</summary>
    [Theory]
    [InlineData("items.index")]
    [InlineData("names.log")]
    [InlineData("state.json")]
    public async Task it_does_not_open_without_one_and_removes_nothing(string file)
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        await WriteAsync(stand, One);
        stand.Reference.Dispose();
        var (path, kept) = (Path.Combine(stand.Folder, file), stand.Folder + ".kept");
        File.Move(path, kept);
        var packs = PacksOf(stand);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(stand.RestartAsync);

        Assert.Equal($"{file} is missing beside recordings: put it back from a copy.", refused.Message);
        Assert.Equal(packs, PacksOf(stand));
        File.Move(kept, path, overwrite: true);
        await stand.RestartAsync();
        Assert.Single(await VerifiedAsync(stand, One));
    }

    [Theory]
    [InlineData("items.index")]
    [InlineData("names.log")]
    public async Task an_emptied_one_hides_items_until_its_copy_is_put_back(string file)
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        await WriteAsync(stand, One);
        stand.Reference.Dispose();
        var path = Path.Combine(stand.Folder, file);
        var (whole, packs) = (await File.ReadAllBytesAsync(path, Token), PacksOf(stand));
        await File.WriteAllBytesAsync(path, [], Token);

        await stand.RestartAsync();

        Assert.Empty(await VerifiedAsync(stand, One));
        Assert.Equal(packs, PacksOf(stand));
        stand.Reference.Dispose();
        await File.WriteAllBytesAsync(path, whole, Token);
        await stand.RestartAsync();
        Assert.Single(await VerifiedAsync(stand, One));
        Assert.False(File.Exists(Path.Combine(stand.Folder, "packs", "kept")));
    }

    /// <summary>Neither retention nor the next start removes what nobody can name.</summary>
    [Theory]
    [InlineData("items.index")]
    [InlineData("names.log")]
    public async Task what_an_emptied_one_named_stays_although_the_recorder_goes_on(string file)
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        await WriteAsync(stand, One);
        stand.Reference.Dispose();
        var packs = PacksOf(stand);
        await File.WriteAllBytesAsync(Path.Combine(stand.Folder, file), [], Token);
        await stand.RestartAsync();
        await WriteAsync(stand, Two);
        stand.Clock.Advance(TimeSpan.FromDays(60));

        Assert.Equal(1, stand.Reference.ApplyRetention());
        await stand.RestartAsync();
        await WriteAsync(stand, Two);
        await stand.RestartAsync();

        Assert.Contains(packs[0], PacksOf(stand));
    }

    /// <summary>The index still has items under the number: they must not become another channel's.</summary>
    [Fact]
    public async Task the_number_of_a_lost_name_is_given_to_no_other_channel()
    {
        await using var stand = await RecorderStand.StartAsync(overHttp: false);
        await WriteAsync(stand, One);
        stand.Reference.Dispose();
        await File.WriteAllBytesAsync(Path.Combine(stand.Folder, "names.log"), [], Token);
        await stand.RestartAsync();
        await WriteAsync(stand, Two, "another");

        await stand.RestartAsync();

        var only = Assert.Single(await VerifiedAsync(stand, Two));
        Assert.Equal("another".Length, only.Length);
    }

    private static List<(string, long)> PacksOf(RecorderStand stand) =>
        [.. new DirectoryInfo(Path.Combine(stand.Folder, "packs")).GetFiles("*.pack").Select(x => (x.Name, x.Length)).Order()];

    private static Task<IReadOnlyList<ItemReceipt>> WriteAsync(RecorderStand stand, Track track, string content = "content of one") =>
        stand.Reference.WriteItemsAsync(track, Items.Of([Items.Item(Items.Noon.AddSeconds(content.Length), content)]), Token);

    private static async Task<IReadOnlyList<ItemEntry>> VerifiedAsync(RecorderStand stand, Track track) =>
        (
            await stand.Reference.VerifyItemsAsync(new TrackPeriod(track, Items.Noon.AddDays(-1), Items.Noon.AddDays(1)), null, 100, Token)
        ).Items;
}
