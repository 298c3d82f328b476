using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Web;

/// <summary>What came of a name and a password.</summary>
internal enum SignInOutcome
{
    Right = 1,

    /// <summary>Right, but it was the one-time password: the person must choose another first.</summary>
    MustChange = 2,

    /// <summary>Wrong name or password; not said which.</summary>
    Wrong = 3,

    /// <summary>Too many wrong ones.</summary>
    Wait = 4,
}

/// <param name="Stamp">Changes with the password; sessions of an older one end.</param>
internal sealed record SignedIn(SignInOutcome Outcome, string Stamp = "", TimeSpan Wait = default);

/// <summary>
/// The operator's account in a file that only this user may read: PBKDF2 of the password, never the password (T19). Made at the first start
/// with a password that is shown once and must be changed. Who lost it removes the file and starts the process again.
/// </summary>
internal sealed partial class OperatorAccount : IDisposable
{
    public const string Name = "operator";
    public const string Role = "operator";
    public const string FileName = "failback-account.json";
    public const int FewestCharacters = 12;
    public const int MostCharacters = 128;
    private const int Iterations = 210_000;
    private const int OneTimeGroups = 5;

    /// <summary>Without letters and digits that look alike.</summary>
    private const string OneTimeLetters = "abcdefghjkmnpqrstuvwxyz23456789";
    private static readonly TimeSpan KeepRead = TimeSpan.FromSeconds(2);

    private readonly PasswordHasher<string> _hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));
    private readonly SemaphoreSlim _hashing = new(2);
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly SignInTries _tries;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lazy<string> _nobody;
    private (Account? Account, long At)? _read;

    public OperatorAccount(IConfiguration configuration, IOptions<WebOptions> options, TimeProvider time, ILogger<OperatorAccount> logger)
    {
        _path = Path.Combine(Listening.Folder(configuration, options.Value.Folder), FileName);
        (_tries, _time, _logger) = (new SignInTries(time), time, logger);
        _nobody = new Lazy<string>(() => _hasher.HashPassword(Name, OneTimePassword()));
    }

    /// <summary>Makes the account when there is none.</summary>
    /// <returns>The password to show once; null when there was an account.</returns>
    public string? Make()
    {
        _ = _nobody.Value;
        if (File.Exists(_path))
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(_path) & ~OwnFile.OwnersOnly) != 0)
            {
                File.SetUnixFileMode(_path, OwnFile.OwnersOnly);
                LogModeMended(_logger, _path);
            }
            return null;
        }
        var password = OneTimePassword();
        Write(new Account(_hasher.HashPassword(Name, password), true, NewStamp()));
        return password;
    }

    /// <summary>Whether name and password are right. Takes the same time for a name that nobody has.</summary>
    public async Task<SignedIn> SignInAsync(string name, string password, CancellationToken token)
    {
        if (_tries.Begin(name) is { } wait)
            return new SignedIn(SignInOutcome.Wait, Wait: wait);
        var account = Read();
        var isIt = name == Name && account is not null;
        if (!await VerifyAsync(isIt ? account!.Password : _nobody.Value, password, token) || !isIt)
            return new SignedIn(SignInOutcome.Wrong);
        _tries.Succeeded(name);
        return new SignedIn(account!.OneTime ? SignInOutcome.MustChange : SignInOutcome.Right, account.Stamp);
    }

    /// <summary>Changes the password of whoever knows the present one; sessions that were signed in with it end.</summary>
    /// <returns>The outcome of the present password, and what is wrong with the new one (null: nothing, it was changed).</returns>
    public async Task<(SignedIn Present, string? Problem)> ChangeAsync(string present, string next, CancellationToken token)
    {
        if (Problem(present, next) is { } problem)
            return (new SignedIn(SignInOutcome.Wrong), problem);
        var signedIn = await SignInAsync(Name, present, token);
        if (signedIn.Outcome is not (SignInOutcome.Right or SignInOutcome.MustChange))
            return (signedIn, null);
        var changed = new Account(_hasher.HashPassword(Name, next), false, NewStamp());
        Write(changed);
        LogChanged(_logger);
        return (new SignedIn(SignInOutcome.Right, changed.Stamp), null);
    }

    /// <summary>Whether a session of this stamp is still good: the file is what counts.</summary>
    public bool Knows(string? stamp) => stamp is not null && Read()?.Stamp == stamp;

    public void Dispose() => _hashing.Dispose();

    private static string? Problem(string present, string next) =>
        next.Length is < FewestCharacters or > MostCharacters || next == present || next.Contains(Name, StringComparison.OrdinalIgnoreCase)
            ? $"{FewestCharacters} to {MostCharacters} characters, another one than now, without the name in it"
            : null;

    private async Task<bool> VerifyAsync(string hash, string password, CancellationToken token)
    {
        if (password.Length > MostCharacters)
            password = "";
        // Each costs a tenth of a second of a processor: two at once leave the others to everybody else (T17).
        await _hashing.WaitAsync(token);
        try
        {
            return await Task.Run(() => _hasher.VerifyHashedPassword(Name, hash, password) != PasswordVerificationResult.Failed, token);
        }
        finally
        {
            _hashing.Release();
        }
    }

    private Account? Read()
    {
        lock (_gate)
        {
            if (_read is { } kept && _time.GetElapsedTime(kept.At) < KeepRead)
                return kept.Account;
            Account? account = null;
            try
            {
                account = JsonSerializer.Deserialize<Account>(File.ReadAllBytes(_path), JsonSerializerOptions.Web);
            }
            catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or JsonException)
            {
                LogUnreadable(_logger, _path, wrong.GetType().Name);
            }
            _read = (account, _time.GetTimestamp());
            return account;
        }
    }

    private void Write(Account account)
    {
        lock (_gate)
        {
            OwnFile.Write(_path, account);
            _read = (account, _time.GetTimestamp());
        }
    }

    private static string OneTimePassword() =>
        string.Join('-', Enumerable.Range(0, OneTimeGroups).Select(_ => RandomNumberGenerator.GetString(OneTimeLetters, 4)));

    private static string NewStamp() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    private sealed record Account(string Password, bool OneTime, string Stamp);

    [LoggerMessage(6001, LogLevel.Information, "The operator's password was changed; sessions that were signed in with the old one end")]
    private static partial void LogChanged(ILogger logger);

    [LoggerMessage(6002, LogLevel.Warning, "{File} could be read by others; now only by this user")]
    private static partial void LogModeMended(ILogger logger, string file);

    [LoggerMessage(6003, LogLevel.Error, "The operator's account {File} cannot be read ({Fault}): nobody can sign in with it")]
    private static partial void LogUnreadable(ILogger logger, string file, string fault);
}
