using System.Globalization;

namespace Failback.Host;

/// <summary>What the demo was asked for on the command line.</summary>
internal sealed record DemoOptions
{
    public const string Usage = """
        failback demo [options]     a recorder dies, comes back, and its footage comes home

          --exit            end when the story is over instead of serving the recorders until Ctrl-C
          --json            one line of JSON on standard output when the story is over, nothing else
          --data DIR        keep recorders and database in DIR (default: a new temporary folder, removed at the end)
          --scale N         channels and minutes times N, 1 to 100 (default 1)
          --failing N       recorders that die and come back together, 1 to 8 (default 1)
          --manual          wait for a person: "Start failback" in the console, POST /demo/failback, or Enter in a terminal
          --bus URL         amqp:// address of a RabbitMQ, instead of the bus in memory
          --database TEXT   PostgreSQL connection string, instead of a SQLite file
          --site-only       only the site; saga and workers run as processes of their own (needs --bus and --database)
          --urls URL        where the demo and its console listen, on loopback (default http://127.0.0.1:0)
        """;

    public bool Exit { get; private init; }
    public bool Json { get; private init; }
    public string? Data { get; private init; }
    public int Scale { get; private init; } = 1;
    public int Failing { get; private init; } = 1;
    public bool Manual { get; private init; }
    public string? Bus { get; private init; }
    public string? Database { get; private init; }
    public bool SiteOnly { get; private init; }
    public string Urls { get; private init; } = "http://127.0.0.1:0";

    /// <summary>Not where other processes are the rooms, and not where a program reads: the operator's first password is shown to people.</summary>
    public bool HasConsole => !SiteOnly && !Json;

    /// <summary>Reads the arguments after <c>demo</c>.</summary>
    /// <returns>The options, or null and every wrong argument with what is allowed.</returns>
    public static (DemoOptions? Options, IReadOnlyList<string> Wrong) Parse(IReadOnlyList<string> args)
    {
        var options = new DemoOptions();
        var wrong = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            var name = args[i];
            string Value() => i + 1 < args.Count ? args[++i] : "";
            options = name switch
            {
                "--exit" => options with { Exit = true },
                "--json" => options with { Json = true },
                "--manual" => options with { Manual = true },
                "--site-only" => options with { SiteOnly = true },
                "--data" => options with { Data = Text(name, Value(), wrong) },
                "--bus" => options with { Bus = Text(name, Value(), wrong) },
                "--database" => options with { Database = Text(name, Value(), wrong) },
                "--urls" => options with { Urls = Text(name, Value(), wrong) },
                "--scale" => options with { Scale = Number(name, Value(), 100, wrong) },
                "--failing" => options with { Failing = Number(name, Value(), 8, wrong) },
                _ => Unknown(options, name, wrong),
            };
        }
        if (options.SiteOnly && (options.Bus is null || options.Database is null))
            wrong.Add("--site-only: needs --bus and --database");
        return wrong.Count == 0 ? (options, wrong) : (null, wrong);
    }

    private static string Text(string name, string value, List<string> wrong)
    {
        if (value.Length is 0 or > 2_048)
            wrong.Add($"{name}: needs a value of 1 to 2048 characters");
        return value;
    }

    private static int Number(string name, string value, int most, List<string> wrong)
    {
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most)
            return number;
        wrong.Add($"{name}: must be a whole number from 1 to {most}");
        return 1;
    }

    private static DemoOptions Unknown(DemoOptions options, string name, List<string> wrong)
    {
        wrong.Add($"{name}: unknown; see failback demo --help");
        return options;
    }
}
