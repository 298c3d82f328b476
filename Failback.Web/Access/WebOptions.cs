using System.ComponentModel.DataAnnotations;
using System.Net;
using Failback.Hosting;
using Microsoft.Extensions.Options;

namespace Failback.Web;

/// <summary>The console and the API, section <c>Failback:Web</c>.</summary>
internal sealed class WebOptions
{
    public const string Section = "Failback:Web";

    /// <summary>
    /// Folder of the operator's account and of the keys that seal cookies; null: that of the SQLite database, else the working directory.
    /// </summary>
    [MinLength(1)]
    public string? Folder { get; set; }

    /// <summary>Whether an operator may sign in with a password that is kept here; null: unless OpenID Connect or bearer tokens are configured.</summary>
    public bool? LocalAccount { get; set; }

    /// <summary>
    /// It listens in a network of its own (a container's) and is published on loopback only: the local account may be used, and nothing need be
    /// https.
    /// </summary>
    public bool PublishedOnLoopback { get; set; }

    /// <summary>Names that people and programs address it by, beside those of loopback; others are refused (DNS rebinding).</summary>
    public List<string> AllowedHosts { get; set; } = [];

    /// <summary>
    /// IP addresses of proxies whose <c>X-Forwarded-For</c>, <c>-Proto</c> and <c>-Host</c> are believed; they have the certificate, so that it
    /// may listen in clear for them.
    /// </summary>
    public List<string> TrustedProxies { get; set; } = [];

    /// <summary>Requests a minute of one user, or of one address that is not signed in; half of it at once (T17).</summary>
    [Range(10, 100_000)]
    public int RequestsPerMinute { get; set; } = 600;

    /// <summary>Sign-ins and changes of password a minute from one address (T17).</summary>
    [Range(1, 1_000)]
    public int SignInsPerMinute { get; set; } = 10;

    /// <summary>Streams of live news that one user may have open.</summary>
    [Range(1, 1_000)]
    public int StreamsPerUser { get; set; } = 16;

    /// <summary>Pages of the console that one user may have open (T17); one whose browser went away counts for two minutes more.</summary>
    [Range(1, 1_000)]
    public int PagesPerUser { get; set; } = 32;
}

[OptionsValidator]
internal sealed partial class WebOptionsRanges : IValidateOptions<WebOptions>;

internal sealed class WebOptionsValidator : IValidateOptions<WebOptions>
{
    private readonly WebOptionsRanges _ranges = new();

    public ValidateOptionsResult Validate(string? name, WebOptions options)
    {
        var wrong = new List<string>(_ranges.Validate(name, options).Failures ?? []);
        if (options.Folder is { Length: > 0 } folder && !Directory.Exists(folder))
            wrong.Add("Folder: must be a folder that is there");
        if (options.AllowedHosts.Any(x => Uri.CheckHostName(x.Trim('[', ']')) == UriHostNameType.Unknown))
            wrong.Add("AllowedHosts: must be host names or addresses without a port, such as failback.example");
        if (options.TrustedProxies.Any(x => !IPAddress.TryParse(x, out _)))
            wrong.Add("TrustedProxies: must be IP addresses");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}

/// <summary>Sign-in by OpenID Connect, section <c>Failback:Web:Oidc</c>; off without an authority.</summary>
internal sealed class OidcOptions
{
    public const string Section = WebOptions.Section + ":Oidc";

    /// <summary>The provider's address; https, or http on loopback.</summary>
    public Uri? Authority { get; set; }

    [MinLength(1)]
    public string? ClientId { get; set; }

    /// <summary>File whose only line is the client's secret; null for a public client. Read again for every use.</summary>
    [MinLength(1)]
    public string? ClientSecretFile { get; set; }

    /// <summary>The claim with the roles; a path such as <c>realm_access.roles</c> leads into a claim that is an object.</summary>
    [Required]
    public string RoleClaim { get; set; } = "roles";

    /// <summary>The claim with the name for the audit trail; <c>sub</c> when it is missing.</summary>
    [Required]
    public string NameClaim { get; set; } = "preferred_username";

    /// <summary>Scopes beside <c>openid</c>; <c>offline_access</c> lets roles be read again by refreshing tokens.</summary>
    public List<string> Scopes { get; set; } = [];
}

[OptionsValidator]
internal sealed partial class OidcOptionsRanges : IValidateOptions<OidcOptions>;

internal sealed class OidcOptionsValidator : IValidateOptions<OidcOptions>
{
    private readonly OidcOptionsRanges _ranges = new();

    public ValidateOptionsResult Validate(string? name, OidcOptions options)
    {
        var wrong = new List<string>(_ranges.Validate(name, options).Failures ?? []);
        if (Authorities.Problem(options.Authority) is { } problem)
            wrong.Add($"Authority: {problem}");
        if (options.Authority is null != string.IsNullOrEmpty(options.ClientId))
            wrong.Add("ClientId: is needed with Authority, and only with it");
        if (options.ClientSecretFile is { Length: > 0 } file && SecretFile.Problem(file) is { } secret)
            wrong.Add($"ClientSecretFile: {secret}");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}

/// <summary>Bearer tokens for programs, section <c>Failback:Web:Bearer</c>; off without an authority.</summary>
internal sealed class BearerOptions
{
    public const string Section = WebOptions.Section + ":Bearer";

    /// <summary>Who issues them; its metadata name issuer and keys. https, or http on loopback.</summary>
    public Uri? Authority { get; set; }

    /// <summary>What a token must be for; another one than <see cref="OidcOptions.ClientId"/>.</summary>
    [MinLength(1)]
    public string? Audience { get; set; }

    /// <summary>As in <see cref="OidcOptions.RoleClaim"/>.</summary>
    [Required]
    public string RoleClaim { get; set; } = "roles";

    /// <summary>The claim with the name for the audit trail; <c>sub</c> when it is missing.</summary>
    [Required]
    public string NameClaim { get; set; } = "sub";
}

[OptionsValidator]
internal sealed partial class BearerOptionsRanges : IValidateOptions<BearerOptions>;

internal sealed class BearerOptionsValidator : IValidateOptions<BearerOptions>
{
    private readonly BearerOptionsRanges _ranges = new();

    public ValidateOptionsResult Validate(string? name, BearerOptions options)
    {
        var wrong = new List<string>(_ranges.Validate(name, options).Failures ?? []);
        if (Authorities.Problem(options.Authority) is { } problem)
            wrong.Add($"Authority: {problem}");
        if (options.Authority is null != string.IsNullOrEmpty(options.Audience))
            wrong.Add("Audience: is needed with Authority, and only with it");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}

internal static class Authorities
{
    public static string? Problem(Uri? authority) =>
        authority is null
        || (authority.IsAbsoluteUri && (authority.Scheme == "https" || (authority.Scheme == "http" && authority.IsLoopback)))
            ? null
            : "must be an https:// address, or http:// on loopback";
}
