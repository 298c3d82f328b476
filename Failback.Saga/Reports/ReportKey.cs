using System.Security.Cryptography;
using Failback.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Saga;

/// <summary>How reports are signed, section <c>Failback:Reports</c>.</summary>
internal sealed class ReportsOptions
{
    public const string Section = "Failback:Reports";

    /// <summary>
    /// File with a private key of an elliptic curve as PEM, which nobody else may read. Without it reports are not signed, unless the
    /// database is a SQLite file: then a key is made beside it at the first start.
    /// </summary>
    public string? KeyFile { get; set; }
}

/// <summary>The key has to be there and to be one when the process starts, not when a copy ended.</summary>
internal sealed class ReportsOptionsValidator : IValidateOptions<ReportsOptions>
{
    public ValidateOptionsResult Validate(string? name, ReportsOptions options)
    {
        if (options.KeyFile is not { } file)
            return ValidateOptionsResult.Success;
        var (key, wrong) = ReportSignature.PrivateKey(file);
        key?.Dispose();
        return wrong is null ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail($"{nameof(options.KeyFile)}: {wrong}");
    }
}

/// <summary>The key of reports: as configured, or made beside a SQLite database, or none. Read once.</summary>
internal sealed partial class ReportKey(IConfiguration configuration, IOptions<ReportsOptions> options, ILogger<ReportKey> logger)
    : IHostedService,
        IDisposable
{
    /// <summary>Beside the SQLite database.</summary>
    public const string FileName = "failback-report.key";
    private const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly Lock gate = new();
    private readonly string? own = PersistenceRoom.FolderOfFile(configuration) is { } folder ? Path.Combine(folder, FileName) : null;
    private ECDsa? key;

    /// <summary>Signs a report.</summary>
    /// <returns>What FILE.sig holds, and the public key as PEM; null when there is no key.</returns>
    public (string Signature, string PublicKey)? Sign(ReadOnlySpan<byte> report)
    {
        lock (gate)
        {
            key ??= Load();
            return key is null ? null : (ReportSignature.Of(report.ToArray(), key), key.ExportSubjectPublicKeyInfoPem() + "\n");
        }
    }

    /// <summary>Makes the key that nobody configured, so that it is there to be kept before the first report; reads it, so that it may go.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.KeyFile is null && own is not null && !File.Exists(own))
            Make(own);
        lock (gate)
            key ??= Load();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => key?.Dispose();

    private ECDsa? Load()
    {
        if ((options.Value.KeyFile ?? own) is not { } path || !File.Exists(path))
            return null;
        var (found, wrong) = ReportSignature.PrivateKey(path);
        if (wrong is not null)
            LogUnusable(logger, path, wrong);
        return found;
    }

    private void Make(string path)
    {
        var fresh = path + ".new";
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        try
        {
            File.Delete(fresh);
            var create = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                create.UnixCreateMode = OwnersOnly;
            using (var file = new FileStream(fresh, create))
            {
                file.Write(System.Text.Encoding.ASCII.GetBytes(made.ExportPkcs8PrivateKeyPem() + "\n"));
                file.Flush(flushToDisk: true);
            }
            // One that another process made meanwhile stays.
            File.Move(fresh, path, overwrite: false);
            LogMade(logger, path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            if (!File.Exists(path))
                LogNotMade(logger, path, fault.GetType().Name);
        }
    }

    [LoggerMessage(1222, LogLevel.Information, "Reports are signed with a key that was made in {File}: keep a copy of it")]
    private static partial void LogMade(ILogger logger, string file);

    [LoggerMessage(1223, LogLevel.Warning, "No key could be made in {File} ({Fault}): reports are not signed")]
    private static partial void LogNotMade(ILogger logger, string file, string fault);

    [LoggerMessage(1224, LogLevel.Error, "The key of reports {File} {Problem}; reports are not signed")]
    private static partial void LogUnusable(ILogger logger, string file, string problem);
}
