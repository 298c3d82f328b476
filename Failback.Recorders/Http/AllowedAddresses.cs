using System.Net;
using System.Net.Sockets;

namespace Failback.Recorders;

/// <summary>Where recorders may be: checked on the address that is connected to, so that no name leads elsewhere.</summary>
internal sealed class AllowedAddresses(IEnumerable<string> networks)
{
    /// <summary>Loopback and private networks; link-local, where cloud machines keep secrets, is not among them.</summary>
    public static readonly IReadOnlyList<string> Default =
    [
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
    ];

    private readonly IPNetwork[] networks = [.. networks.Select(x => IPNetwork.Parse(x))];

    /// <exception cref="RecorderException">BadAddress.</exception>
    public static Uri Parse(string recorderId, string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https"
        && uri is { UserInfo: "", Query: "", Fragment: "" }
        && uri.Host.Length > 0
            ? uri
            : throw new RecorderException(
                RecorderFault.BadAddress,
                $"{recorderId}: an http or https address without user, query or fragment is needed"
            );

    public bool Contains(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return networks.Any(x => x.Contains(plain));
    }

    /// <summary>Connects to the first allowed address of a host that answers.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken token)
    {
        var host = context.DnsEndPoint.Host.Trim('[', ']');
        var found = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, token);
        var allowed = found.Where(Contains).ToArray();
        if (allowed.Length == 0)
            throw new RecorderException(RecorderFault.BadAddress, "the address is not in an allowed network");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
