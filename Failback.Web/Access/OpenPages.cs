using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Web;

/// <summary>How many pages with a circuit each person has open: a circuit holds memory for as long as it lives (T17).</summary>
internal sealed partial class OpenPages(IOptions<WebOptions> options, ILogger<OpenPages> logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _open = new(StringComparer.Ordinal);
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    /// <returns>False when the person has as many as anybody may.</returns>
    public bool TryOpen(string who)
    {
        lock (_gate)
        {
            if (!HasRoom(who))
                return false;
            _open[who] = _open.GetValueOrDefault(who) + 1;
            return true;
        }
    }

    /// <summary>Whether the person may open one more; that he may not is in the log once, until he closes one.</summary>
    public bool HasRoom(string who)
    {
        lock (_gate)
        {
            if (_open.GetValueOrDefault(who) < options.Value.PagesPerUser)
                return true;
            if (_told.Add(who))
                LogFull(logger, who, options.Value.PagesPerUser);
            return false;
        }
    }

    public void Close(string who)
    {
        lock (_gate)
        {
            _told.Remove(who);
            if (--_open[who] == 0)
                _open.Remove(who);
        }
    }

    [LoggerMessage(6019, LogLevel.Warning, "{Person} has {Pages} pages open, as many as anybody may; more are refused until one is closed")]
    private static partial void LogFull(ILogger logger, string person, int pages);
}

/// <summary>
/// The place of one circuit among the pages of its person; without one it ends at once, and its page loads again and is told why
/// (<see cref="Floods.UsePageLimit"/>).
/// </summary>
internal sealed class CircuitPlace(OpenPages pages, AuthenticationStateProvider people) : CircuitHandler
{
    private string? _who;

    /// <exception cref="InvalidOperationException">Too many pages are open; the framework ends the circuit.</exception>
    public override async Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        var who = Floods.PersonOf((await people.GetAuthenticationStateAsync()).User);
        _who = pages.TryOpen(who) ? who : throw new InvalidOperationException("too many pages of one person are open");
    }

    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _who, null) is { } who)
            pages.Close(who);
        return Task.CompletedTask;
    }
}
