using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Failback.Tests;

/// <summary>What a process logged, by the numbers of our log events.</summary>
internal sealed class LoggedEvents : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(int Id, string Text)> events = new();

    /// <summary>Texts of an event, oldest first.</summary>
    public IReadOnlyList<string> Of(int id) => [.. events.Where(x => x.Id == id).Select(x => x.Text)];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        // Those of others are small numbers, or zero.
        if (eventId.Id >= 1_000)
            events.Enqueue((eventId.Id, formatter(state, exception)));
    }

    public void Dispose() { }
}
