using System.Security.Cryptography;
using Failback.Hosting;
using Failback.Messages;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Failback.Saga;

/// <summary>The document port on the database: immutable by digest, checked on the way in and out.</summary>
internal sealed partial class DatabaseDocuments(IServiceScopeFactory scopes, TimeProvider time, ILogger<DatabaseDocuments> logger)
    : IDocuments
{
    public const int MaxBytes = 32 << 20;

    public async Task<DocumentReference> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken token)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, MaxBytes, nameof(bytes));
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes.Span));
        // Inside a unit it belongs to it: on SQLite a second writer would wait for the first.
        if (FailbackUnit.Current is { } current)
        {
            await PutAsync(current.Db, digest, bytes, token);
            return new DocumentReference { Digest = digest, Length = bytes.Length };
        }
        await using var scope = scopes.CreateAsyncScope();
        await using var unit = scope.ServiceProvider.GetRequiredService<FailbackUnit>();
        await unit.BeginAsync(token);
        await PutAsync(unit.Db, digest, bytes, token);
        KillPoint.Reached("document.before-commit");
        await unit.CommitAsync(token);
        KillPoint.Reached("document.after-commit");
        return new DocumentReference { Digest = digest, Length = bytes.Length };
    }

    public async Task<ReadOnlyMemory<byte>?> GetAsync(DocumentReference reference, CancellationToken token)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = FailbackUnit.Current?.Db ?? scope.ServiceProvider.GetRequiredService<FailbackDbContext>();
        var document = await db.Set<Document>().AsNoTracking().SingleOrDefaultAsync(x => x.Digest == reference.Digest, token);
        if (document is null)
            return null;
        if (Convert.ToHexStringLower(SHA256.HashData(document.Bytes)) == document.Digest)
            return document.Bytes;
        LogDamaged(logger, document.Digest);
        return null;
    }

    /// <summary>The document of a report that is not kept any longer.</summary>
    public static Task ForgetAsync(FailbackDbContext db, string digest, CancellationToken token) =>
        db.Database.ExecuteSqlAsync(
            $"DELETE FROM document WHERE digest = {digest} AND NOT EXISTS (SELECT 1 FROM coverage_report AS x WHERE x.digest = {digest})",
            token
        );

    /// <summary>A damaged row of that digest is healed by the good bytes.</summary>
    private Task<int> PutAsync(FailbackDbContext db, string digest, ReadOnlyMemory<byte> bytes, CancellationToken token) =>
        db.Database.ExecuteSqlAsync(
            $"INSERT INTO document (digest, bytes, created_at) VALUES ({digest}, {bytes.ToArray()}, {time.GetUtcNow().ToRow()}) ON CONFLICT (digest) DO UPDATE SET bytes = excluded.bytes",
            token
        );

    [LoggerMessage(1303, LogLevel.Error, "The document {Digest} is damaged in the database; it is taken as missing")]
    private static partial void LogDamaged(ILogger logger, string digest);
}
