using System.Globalization;
using Failback.Hosting;

namespace Failback.Host;

internal enum QueuesCommand
{
    List = 1,
    Show = 2,
    Replay = 3,
    Discard = 4,
}

/// <summary>What <c>failback queues</c> was asked for on the command line.</summary>
internal sealed record QueuesOptions
{
    public const string Usage = """
        failback queues list                          the queues that people read: messages and the age of the oldest
        failback queues list --server ADDRESS         how many messages, without the broker's address; see failback log --help
        failback queues show QUEUE                    what is in one, without taking it out
        failback queues replay QUEUE                  gives messages back to the queue that they came from
        failback queues discard QUEUE                 throws messages away

          QUEUE             NAME_error, NAME_skipped, failback.dead or failback.in.refused
          --message ID      replay, discard: the messages with this id (show gives it)
          --all             replay, discard: all that are there now
          --reason "TEXT"   discard: why; kept in the audit trail, or logged when no database is configured
          --limit N         show: at most N messages, 1 to 1000 (default 20)
          --json            JSON on standard output instead of text

        The broker is ConnectionStrings:Bus, the audit trail is in ConnectionStrings:Database: from the environment, the folder of
        secrets or the command line (--ConnectionStrings:Bus=amqp://...), as for every process.
        Exit code 0: done; 1: something was not done; 2: the command or the configuration is wrong.
        """;

    public const int MostShown = 1_000;
    private const int LongestReason = 500;
    private const int LongestId = 64;

    public QueuesCommand Command { get; private init; }
    public string Queue { get; private init; } = "";
    public string? MessageId { get; private init; }
    public bool All { get; private init; }
    public string Reason { get; private init; } = "";
    public int Limit { get; private init; } = 20;
    public bool Json { get; private init; }

    /// <summary>Keys of the configuration, as every process takes them.</summary>
    public IReadOnlyList<string> Settings { get; private init; } = [];

    /// <summary>Reads the arguments after <c>queues</c>.</summary>
    /// <returns>The options, or null and every wrong argument with what is allowed.</returns>
    public static (QueuesOptions? Options, IReadOnlyList<string> Wrong) Parse(IReadOnlyList<string> args)
    {
        var (options, wrong, words) = (new QueuesOptions(), new List<string>(), new List<string>());
        for (var i = 0; i < args.Count; i++)
        {
            var name = args[i];
            string Value() => i + 1 < args.Count ? args[++i] : "";
            if (!name.StartsWith('-'))
                words.Add(name);
            else if (name.StartsWith("--", StringComparison.Ordinal) && name.Contains(':'))
                options = options with { Settings = [.. options.Settings, name] };
            else
                options = name switch
                {
                    "--all" => options with { All = true },
                    "--json" => options with { Json = true },
                    "--message" => options with { MessageId = Id(Value(), wrong) },
                    "--reason" => options with { Reason = Text(name, Value(), wrong) },
                    "--limit" => options with { Limit = Number(name, Value(), wrong) },
                    _ => Unknown(options, name, wrong),
                };
        }
        options = options with
        {
            Command =
                Enum.TryParse<QueuesCommand>(words.FirstOrDefault(), true, out var command) && words[0].All(char.IsLetter)
                    ? command
                    : default,
            Queue = words.ElementAtOrDefault(1) ?? "",
        };
        wrong.AddRange(Problems(options, words));
        return wrong.Count == 0 ? (options, wrong) : (null, wrong);
    }

    private static IEnumerable<string> Problems(QueuesOptions options, List<string> words)
    {
        if (options.Command == default)
        {
            yield return "queues: needs list, show, replay or discard; see failback queues --help";
            yield break;
        }
        var (list, moves) = (options.Command == QueuesCommand.List, options.Command is QueuesCommand.Replay or QueuesCommand.Discard);
        if (words.Count > (list ? 1 : 2))
            yield return $"{Printable.Line(words[list ? 1 : 2])}: unknown; see failback queues --help";
        if (!list && !QueuesForPeople.IsOne(options.Queue))
            yield return $"QUEUE: must be NAME_error, NAME_skipped, {BusRoom.DeadLetters} or {BusRoom.Refused}";
        if (moves && options.All == options.MessageId is not null)
            yield return "needs either --message ID or --all";
        if (!moves && (options.All || options.MessageId is not null))
            yield return "--message, --all: only for replay and discard";
        if (options.Command == QueuesCommand.Discard != options.Reason.Length > 0)
            yield return "--reason: discard needs one, nothing else takes it";
    }

    private static string Id(string value, List<string> wrong)
    {
        if (value.Length is 0 or > LongestId || !value.All(x => char.IsAsciiLetterOrDigit(x) || x == '-'))
            wrong.Add("--message: needs an id as show gives it");
        return value.ToLowerInvariant();
    }

    private static string Text(string name, string value, List<string> wrong)
    {
        if (string.IsNullOrWhiteSpace(value) || value.Length > LongestReason || Printable.Line(value) != value)
            wrong.Add($"{name}: needs 1 to {LongestReason} characters on one line");
        return value;
    }

    private static int Number(string name, string value, List<string> wrong)
    {
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= MostShown)
            return number;
        wrong.Add($"{name}: must be a whole number from 1 to {MostShown}");
        return 1;
    }

    private static QueuesOptions Unknown(QueuesOptions options, string name, List<string> wrong)
    {
        wrong.Add($"{Printable.Line(name)}: unknown; see failback queues --help");
        return options;
    }
}
