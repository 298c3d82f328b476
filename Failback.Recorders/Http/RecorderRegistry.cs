using System.Collections.Concurrent;
using System.Net;

namespace Failback.Recorders;

/// <summary>
/// Opens recorders: http and https addresses by the HTTP adapter, and recorders of this process that were registered by id, whatever
/// their address. Clients of one recorder share connections.
/// </summary>
public sealed class RecorderRegistry : IRecorderRegistry, IDisposable
{
    private const int MostOpen = 10_000;
    private static readonly TimeSpan IdleConnection = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, IRecorder> registered = new();
    private readonly ConcurrentDictionary<(string, Uri), HttpRecorder> open = new();
    private readonly RecordersOptions options;
    private readonly TimeProvider clock;
    private readonly RecorderCredentials credentials;
    private readonly HttpMessageInvoker transport;

    public RecorderRegistry(RecordersOptions options, TimeProvider clock)
    {
        (this.options, this.clock) = (options, clock);
        credentials = new RecorderCredentials(options.SecretsFile);
        var allowed = new AllowedAddresses(options.AllowedNetworks.Count > 0 ? options.AllowedNetworks : AllowedAddresses.Default);
        transport = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                AutomaticDecompression = DecompressionMethods.None,
                MaxConnectionsPerServer = options.ConnectionsPerRecorder,
                ConnectTimeout = TimeSpan.FromSeconds(options.StallSeconds),
                PooledConnectionIdleTimeout = IdleConnection,
                MaxResponseHeadersLength = 32,
                ConnectCallback = allowed.ConnectAsync,
            }
        );
    }

    /// <summary>Makes a recorder of this process known by its id.</summary>
    public void Register(string recorderId, IRecorder recorder) => registered[recorderId] = recorder;

    public IRecorder Open(string recorderId, string address)
    {
        if (registered.TryGetValue(recorderId, out var known))
            return known;
        Rules.Require(Rules.WhyWrongRecorderId(recorderId) is { } wrong ? $"recorderId: {wrong}" : null);
        var uri = AllowedAddresses.Parse(recorderId, address);
        if (open.Count >= MostOpen)
            open.Clear();
        return open.GetOrAdd((recorderId, uri), x => new HttpRecorder(Exchange(x.Item1, x.Item2)));
    }

    /// <summary>A client that reads the items of a ticket.</summary>
    /// <exception cref="RecorderException">BadAddress.</exception>
    internal IRecorder Open(ItemSource source)
    {
        Rules.Require(Rules.WhyWrong(source));
        return new HttpRecorder(Exchange(source.RecorderId, AllowedAddresses.Parse(source.RecorderId, source.Address), source.Ticket));
    }

    public void Dispose() => transport.Dispose();

    private HttpExchange Exchange(string recorderId, Uri address, string? ticket = null) =>
        new(recorderId, address, transport, credentials, TimeSpan.FromSeconds(options.StallSeconds), clock, ticket);
}
