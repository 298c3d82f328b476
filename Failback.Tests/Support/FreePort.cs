using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Failback.Tests;

/// <summary>Loopback ports below the ephemeral range, so that an outgoing connection cannot take one before our server listens on it.</summary>
internal static class FreePort
{
    private const int Lowest = 12000;
    private const int Highest = 19999;
    private const int Tries = 1000;
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>A port that nobody listened on a moment ago; never the same twice in a process.</summary>
    public static int Next()
    {
        for (var i = 0; i < Tries; i++)
        {
            var port = Random.Shared.Next(Lowest, Highest + 1);
            if (Given.TryAdd(port, true) && IsFree(port))
                return port;
        }
        throw new InvalidOperationException($"No free port between {Lowest} and {Highest} after {Tries} tries.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
