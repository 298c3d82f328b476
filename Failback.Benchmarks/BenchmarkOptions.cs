using System.Globalization;

namespace Failback.Benchmarks;

/// <summary>An argument that is not understood; the message names it and what is allowed.</summary>
internal sealed class WrongUseException(string message) : Exception(message);

/// <summary>What to measure, and where.</summary>
internal sealed record BenchmarkOptions
{
    public const string Usage = """
        copy | resume | saga | console  what to measure
        --rounds N            1 to 50, default 5
        --quick               small sizes and one round: shows that it works, measures nothing
        --only A,B            copy: only these workloads (video, audio, records, video-durable, audio-durable, limited);
                              console: only these pages and lists (log, finalised, entry, recorders, audit, api/log, api/recorders,
                              api/channels, api/audit, api/changes)
        --json FILE           writes {"rows":[{"name","beside","ratio","min","max","goal","met"}]}
        --disk DIR            where the files of the disk workloads, and the console's own, go; default: the temporary directory
        --memory DIR          where the files of the memory workloads go; default: /dev/shm
        --bus URI             saga: the RabbitMQ to use; default: FAILBACK_TEST_RABBITMQ
        --management URI      saga: its management API, to use a virtual host made for this run; default: FAILBACK_TEST_RABBITMQ_MANAGEMENT
        --database TEXT       saga, console: PostgreSQL's connection string; default: FAILBACK_TEST_POSTGRES
        """;

    public const int MaximumRounds = 50;

    public required string What { get; init; }
    public int Rounds { get; init; } = 5;
    public bool Quick { get; init; }
    public IReadOnlyList<string> Only { get; init; } = [];
    public string? Json { get; init; }
    public string Disk { get; init; } = Path.GetTempPath();
    public string Memory { get; init; } = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
    public string? Bus { get; init; } = Environment.GetEnvironmentVariable("FAILBACK_TEST_RABBITMQ");
    public string? Management { get; init; } = Environment.GetEnvironmentVariable("FAILBACK_TEST_RABBITMQ_MANAGEMENT");
    public string? Database { get; init; } = Environment.GetEnvironmentVariable("FAILBACK_TEST_POSTGRES");

    /// <exception cref="WrongUseException">An argument is unknown, lacks its value, or is out of bounds.</exception>
    public static BenchmarkOptions Parse(IReadOnlyList<string> args)
    {
        if (args.Count == 0 || args[0] is not ("copy" or "resume" or "saga" or "console"))
            throw new WrongUseException("The first argument must be copy, resume, saga or console.");
        var options = new BenchmarkOptions { What = args[0] };
        var rounds = 0;
        for (var i = 1; i < args.Count; i++)
        {
            var name = args[i];
            if (name == "--quick")
            {
                options = options with { Quick = true };
                continue;
            }
            if (++i == args.Count)
                throw new WrongUseException($"{name}: unknown, or its value is missing.");
            options = name switch
            {
                "--rounds" => options with { Rounds = rounds = Count(name, args[i]) },
                "--only" => options with
                {
                    Only = args[i].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
                },
                "--json" => options with { Json = args[i] },
                "--disk" => options with { Disk = Existing(name, args[i]) },
                "--memory" => options with { Memory = Existing(name, args[i]) },
                "--bus" => options with { Bus = args[i] },
                "--management" => options with { Management = args[i] },
                "--database" => options with { Database = args[i] },
                _ => throw new WrongUseException($"{name}: unknown."),
            };
        }
        return options.Quick && rounds == 0 ? options with { Rounds = 1 } : options;
    }

    private static int Count(string name, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= MaximumRounds
            ? count
            : throw new WrongUseException($"{name}: must be a whole number from 1 to {MaximumRounds}.");

    private static string Existing(string name, string directory) =>
        Directory.Exists(directory) ? Path.GetFullPath(directory) : throw new WrongUseException($"{name}: {directory} is not a directory.");
}
