using System.Data.Common;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Failback.Web;

/// <summary>What follows from where a process listens and how people sign in; read from the configuration alone. Pure.</summary>
internal static class Listening
{
    private const string LocalKey = WebOptions.Section + ":" + nameof(WebOptions.LocalAccount);
    private const string PublishedKey = WebOptions.Section + ":" + nameof(WebOptions.PublishedOnLoopback);
    private const string HostsKey = WebOptions.Section + ":" + nameof(WebOptions.AllowedHosts);
    private const string ProxiesKey = WebOptions.Section + ":" + nameof(WebOptions.TrustedProxies);
    private const string AudienceKey = BearerOptions.Section + ":" + nameof(BearerOptions.Audience);
    private const string ClientKey = OidcOptions.Section + ":" + nameof(OidcOptions.ClientId);

    public static bool HasOidc(IConfiguration configuration) => Has(configuration, OidcOptions.Section);

    public static bool HasBearer(IConfiguration configuration) => Has(configuration, BearerOptions.Section);

    /// <summary>Whether the operator's own account is in use.</summary>
    public static bool HasLocalAccount(IConfiguration configuration) =>
        bool.TryParse(configuration[LocalKey], out var said) ? said : !HasOidc(configuration) && !HasBearer(configuration);

    /// <summary>
    /// A password that one machine keeps is for people at that machine; a name that anybody may give is no protection; and a cookie or a token
    /// goes over no network in clear.
    /// </summary>
    public static IEnumerable<string> Wrong(IConfiguration configuration)
    {
        if (configuration[AudienceKey] is { Length: > 0 } audience && audience == configuration[ClientKey])
            yield return $"{AudienceKey}: must not be that of {ClientKey}: what the provider says of a person to the console would open the API";
        var beyond = Addresses(configuration).Where(x => !IsLoopback(x.Host)).ToList();
        if (beyond.Count == 0 || IsTrue(configuration[PublishedKey]))
            yield break;
        if (HasLocalAccount(configuration))
            yield return $"urls: leads beyond loopback, where the local account is not allowed ({LocalKey}): listen on loopback, configure "
                + $"{OidcOptions.Section}:Authority or {BearerOptions.Section}:Authority, or set {PublishedKey} when nobody else gets there";
        if (beyond.Any(x => x.Scheme != "https") && !configuration.GetSection(ProxiesKey).GetChildren().Any())
            yield return $"urls: leads beyond loopback in clear: use https, name the proxy that has the certificate in {ProxiesKey}, or set "
                + $"{PublishedKey} when nobody else gets there";
        if (beyond.Any(x => IsWildcard(x.Host)) && !configuration.GetSection(HostsKey).GetChildren().Any())
            yield return $"{HostsKey}: needs the names that it is addressed by, because urls leads beyond loopback";
    }

    /// <summary>Names that requests may be addressed to: loopback, what is configured, and what it listens on by name.</summary>
    public static Func<string, bool> Names(IConfiguration configuration, IEnumerable<string> allowed)
    {
        var names = allowed
            .Concat(Addresses(configuration).Select(x => x.Host).Where(x => !IsWildcard(x)))
            .Select(x => x.Trim('[', ']'))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        return host => IsLoopback(host) || names.Contains(host.Trim('[', ']'));
    }

    /// <summary>Every address is https: cookies may say so.</summary>
    public static bool IsSecure(IConfiguration configuration) => Addresses(configuration).All(x => x.Scheme == "https");

    /// <summary>Where the account and the keys are: beside the SQLite database, else in the working directory.</summary>
    public static string Folder(IConfiguration configuration, string? configured)
    {
        if (configured is { Length: > 0 })
            return Path.GetFullPath(configured);
        try
        {
            var database = new DbConnectionStringBuilder { ConnectionString = configuration.GetConnectionString("Database") };
            var isFile = !database.ContainsKey("Host") && !database.ContainsKey("Server");
            if (isFile && database.TryGetValue("Data Source", out var file) && Path.GetDirectoryName($"{file}") is { Length: > 0 } folder)
                return Path.GetFullPath(folder);
        }
        catch (ArgumentException)
        {
            // A wrong connection string is refused by those who own it.
        }
        return Directory.GetCurrentDirectory();
    }

    private static IEnumerable<BindingAddress> Addresses(IConfiguration configuration)
    {
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(x => x["Url"]).OfType<string>().ToList();
        var urls = endpoints.Count > 0 ? endpoints : [.. (configuration["urls"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries)];
        return urls.Select(Parse).OfType<BindingAddress>();
    }

    private static BindingAddress? Parse(string url)
    {
        try
        {
            return BindingAddress.Parse(url.Trim());
        }
        catch (FormatException)
        {
            // Said by the check of urls.
            return null;
        }
    }

    /// <summary>From this machine; a socket of files has no address.</summary>
    public static bool IsLoopback(IPAddress? address) =>
        address is null || IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static bool IsWildcard(string host) =>
        host is "+" or "*"
        || (IPAddress.TryParse(host.Trim('[', ']'), out var x) && (x.Equals(IPAddress.Any) || x.Equals(IPAddress.IPv6Any)));

    private static bool Has(IConfiguration configuration, string section) => configuration[section + ":Authority"] is { Length: > 0 };

    private static bool IsTrue(string? text) => bool.TryParse(text, out var value) && value;
}
