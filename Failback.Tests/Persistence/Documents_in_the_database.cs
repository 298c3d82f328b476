using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using Microsoft.Extensions.DependencyInjection;
using static Failback.Tests.PersistenceSpec;

namespace Failback.Tests;

[NeedsServer]
public sealed class Documents_in_the_database
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Covers("R11", "D15", "E8")]
    public async Task are_got_as_they_were_put_and_none_when_damaged(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        var documents = spec.Services.GetRequiredService<IDocuments>();
        var bytes = new byte[3_000_000];
        Random.Shared.NextBytes(bytes);
        var reference = await documents.PutAsync(bytes, Token);
        Assert.Equal(reference, await documents.PutAsync(bytes, Token));
        Assert.Equal(bytes, (await documents.GetAsync(reference, Token))!.Value.ToArray());

        await spec.ExecuteAsync($"UPDATE document SET bytes = {new byte[] { 1, 2, 3 }}");
        Assert.Null(await documents.GetAsync(reference, Token));
        await documents.PutAsync(bytes, Token);
        Assert.Equal(bytes, (await documents.GetAsync(reference, Token))!.Value.ToArray());

        Assert.Null(await documents.GetAsync(new DocumentReference { Digest = new string('0', 64), Length = 1 }, Token));
    }

    [Theory, OnBothDatabases]
    public async Task are_at_most_32_MiB(DatabaseKind kind)
    {
        await using var spec = await StoreAsync(kind);
        var documents = spec.Services.GetRequiredService<IDocuments>();
        await Assert.ThrowsAnyAsync<ArgumentException>(() => documents.PutAsync(new byte[(32 << 20) + 1], Token));
        Assert.Empty(await spec.RowsAsync<Document>());
    }
}
