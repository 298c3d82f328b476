using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Failback.Web;

/// <summary>
/// Sessions of the local account that were signed out: a copy of their cookie is good for nothing, also after a restart and at another console
/// of the same folder. Kept in a file beside the keys for as long as a session may live, and bounded: when there are too many, the oldest give
/// way, and every session that is as old as they ends with them.
/// </summary>
internal sealed partial class EndedSessions(
    IConfiguration configuration,
    IOptions<WebOptions> options,
    TimeProvider time,
    ILogger<EndedSessions> logger
)
{
    public const string FileName = "failback-ended.json";
    public const int Most = 10_000;
    private const int MostBytes = 4 << 20;
    private static readonly TimeSpan KeepRead = TimeSpan.FromSeconds(2);
    private readonly string _path = Path.Combine(Listening.Folder(configuration, options.Value.Folder), FileName);
    private readonly Lock _gate = new();
    private Ended _ended = new(0, []);
    private long? _readAt;

    /// <param name="since">When the session began, in seconds of Unix.</param>
    public bool Has(string id, long since)
    {
        lock (_gate)
        {
            if (_readAt is not { } at || time.GetElapsedTime(at) >= KeepRead)
                Read();
            return since <= _ended.Before || _ended.Sessions.ContainsKey(id);
        }
    }

    /// <summary>Ends it here at once; a file that cannot be written is said in the log.</summary>
    public void Add(string id, long since, int most = Most)
    {
        lock (_gate)
        {
            Read();
            _ended.Sessions[id] = since;
            _ended = Bounded(_ended, Oldest, most);
            Write();
        }
    }

    private long Oldest => (time.GetUtcNow() - Sessions.Longest).ToUnixTimeSeconds();

    /// <summary>Pure.</summary>
    private static Ended Bounded(Ended ended, long oldest, int most)
    {
        var kept = ended.Sessions.Where(x => x.Value >= oldest).OrderByDescending(x => x.Value).ToList();
        var before = kept.Count > most ? Math.Max(ended.Before, kept[most].Value) : ended.Before;
        return new Ended(before, kept.Take(most).ToDictionary(StringComparer.Ordinal));
    }

    /// <summary>
    /// What others wrote beside what this process knows; what it knows and another one wrote over is written again. A damaged file may have
    /// held any session: all until now end.
    /// </summary>
    private void Read()
    {
        _readAt = time.GetTimestamp();
        try
        {
            if (!File.Exists(_path))
                return;
            if (new FileInfo(_path).Length > MostBytes)
                throw new JsonException();
            var read = JsonSerializer.Deserialize<Ended>(File.ReadAllBytes(_path), JsonSerializerOptions.Web);
            if (read is not { Sessions: not null })
                throw new JsonException();
            foreach (var (id, since) in read.Sessions)
                _ended.Sessions[id] = since;
            _ended = _ended with { Before = Math.Max(_ended.Before, read.Before) };
            if (Lacks(read))
                Write();
        }
        catch (JsonException)
        {
            LogDamaged(logger, _path);
            _ended = _ended with { Before = Math.Max(_ended.Before, time.GetUtcNow().ToUnixTimeSeconds()) };
            Write();
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(logger, _path, wrong.GetType().Name);
        }
    }

    /// <summary>Something of this process was lost: another one had read the file before, and wrote after it.</summary>
    private bool Lacks(Ended read)
    {
        var oldest = Math.Max(Oldest, read.Before + 1);
        return read.Before < _ended.Before || _ended.Sessions.Any(x => x.Value >= oldest && !read.Sessions.ContainsKey(x.Key));
    }

    private void Write()
    {
        try
        {
            OwnFile.Write(_path, _ended);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            LogUnwritable(logger, _path, wrong.GetType().Name);
        }
    }

    /// <param name="Before">Sessions that began then or earlier have ended, in seconds of Unix.</param>
    /// <param name="Sessions">Others that were signed out, with when they began.</param>
    private sealed record Ended(long Before, Dictionary<string, long> Sessions);

    [LoggerMessage(
        6012,
        LogLevel.Error,
        "The list of sessions that were signed out, {File}, cannot be written ({Fault}): after a restart they live again"
    )]
    private static partial void LogUnwritable(ILogger logger, string file, string fault);

    [LoggerMessage(6013, LogLevel.Warning, "The list of sessions that were signed out, {File}, is damaged: all sessions until now end")]
    private static partial void LogDamaged(ILogger logger, string file);

    [LoggerMessage(
        6014,
        LogLevel.Error,
        "The list of sessions that were signed out, {File}, cannot be read ({Fault}): what was known of it stays"
    )]
    private static partial void LogUnreadable(ILogger logger, string file, string fault);
}
