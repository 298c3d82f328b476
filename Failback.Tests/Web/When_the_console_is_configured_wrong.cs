using Failback.Hosting;
using Failback.Web;

namespace Failback.Tests;

[Covers("D14", "T19")]
public sealed class When_the_console_is_configured_wrong
{
    [Theory]
    [InlineData("urls: leads beyond loopback", "urls=http://0.0.0.0:5080")]
    [InlineData("urls: leads beyond loopback", "urls=http://127.0.0.1:5080;http://+:5081")]
    [InlineData("urls: leads beyond loopback", "urls=http://10.0.0.7:5080")]
    [InlineData("urls: leads beyond loopback", "Kestrel:Endpoints:All:Url=http://*:5080")]
    [InlineData("Failback:Web:AllowedHosts: needs the names", "urls=http://+:5080", Oidc, OidcClient)]
    [InlineData("urls: leads beyond loopback, where", "urls=http://+:5080", Oidc, OidcClient, "Failback:Web:LocalAccount=true")]
    [InlineData("urls: leads beyond loopback in clear", "urls=http://failback.example:5080", Oidc, OidcClient)]
    [InlineData("urls: leads beyond loopback in clear", "urls=https://failback.example;http://10.0.0.7:5080", Oidc, OidcClient)]
    [InlineData("Failback:Web:Bearer:Audience: must not be", Oidc, OidcClient, "Failback:Web:Bearer:Authority=https://idp.example", Same)]
    [InlineData("Failback:Web:Oidc:Authority: must be an https:// address", "Failback:Web:Oidc:Authority=http://idp.example", OidcClient)]
    [InlineData("Failback:Web:Oidc:ClientId: is needed", Oidc)]
    [InlineData("Failback:Web:Oidc:ClientSecretFile: must be a file", Oidc, OidcClient, "Failback:Web:Oidc:ClientSecretFile=/nowhere")]
    [InlineData(
        "Failback:Web:Bearer:Authority: must be an https:// address",
        "Failback:Web:Bearer:Authority=ftp://x",
        "Failback:Web:Bearer:Audience=x"
    )]
    [InlineData("Failback:Web:Bearer:Audience: is needed", "Failback:Web:Bearer:Authority=https://idp.example")]
    [InlineData("Failback:Web:Folder: must be a folder", "Failback:Web:Folder=/nowhere")]
    [InlineData("Failback:Web:AllowedHosts: must be host names", "Failback:Web:AllowedHosts:0=http://x")]
    [InlineData("Failback:Web:TrustedProxies: must be IP addresses", "Failback:Web:TrustedProxies:0=proxy")]
    [InlineData("Failback:Web:RequestsPerMinute", "Failback:Web:RequestsPerMinute=1")]
    [InlineData("Failback:Web:PagesPerUser", "Failback:Web:PagesPerUser=0")]
    [InlineData("Failback:Web:Pages: unknown key", "Failback:Web:Pages=1")]
    [InlineData("Failback:Web:Oidc:Secret: unknown key", "Failback:Web:Oidc:Secret=hunter2")]
    public void it_does_not_start_and_names_the_key(string said, params string[] settings)
    {
        var wrong = Assert.Throws<WrongConfigurationException>(() => WebSite.Build([.. settings.Select(x => "--" + x)]));
        Assert.Contains(wrong.Lines, x => x.StartsWith(said, StringComparison.Ordinal));
        Assert.DoesNotContain(wrong.Lines, x => x.Contains("hunter2"));
    }

    [Theory]
    [InlineData("urls=http://localhost:5080;https://[::1]:5081")]
    [InlineData("urls=http://+:5080", "Failback:Web:PublishedOnLoopback=true")]
    [InlineData("urls=http://+:5080", Oidc, OidcClient, "Failback:Web:AllowedHosts:0=failback.example", Proxy)]
    [InlineData("urls=http://+:5080", Oidc, OidcClient, "Failback:Web:PublishedOnLoopback=true")]
    [InlineData("urls=https://failback.example", Oidc, OidcClient)]
    public async Task right_ones_start(params string[] settings)
    {
        using var folder = new TempFolder();
        await using var app = WebSite.Build([$"--Failback:Web:Folder={folder.Path}", .. settings.Select(x => "--" + x)]);
        Assert.NotNull(app);
    }

    private const string Oidc = "Failback:Web:Oidc:Authority=https://idp.example";
    private const string OidcClient = "Failback:Web:Oidc:ClientId=failback";
    private const string Same = "Failback:Web:Bearer:Audience=failback";
    private const string Proxy = "Failback:Web:TrustedProxies:0=10.0.0.1";
}
