using System.Globalization;

namespace Failback.Host;

internal enum RemoteCommand
{
    Log = 1,
    Plan = 2,
    StartFailback = 3,
    StartCopy = 4,
    Pause = 5,
    Resume = 6,
    Cancel = 7,
    Recorders = 8,
    Verify = 9,
    Queues = 10,
}

/// <summary>What a command that speaks the API was asked for on the command line.</summary>
internal sealed record RemoteOptions
{
    public const string Usage = """
        failback log                      the failover log, newest failover first
        failback recorders                the directory, and what each recorder is in the middle of
        failback plan ENTRY               what a failback would be checked for, and what both recorders say (changes nothing)
        failback start-failback ENTRY     starts the failback of an entry of the failover log
        failback start-copy ENTRY         puts its material copy into the queue
        failback verify ENTRY --server A  the newest report on what came home, its signature checked here
        failback queues list --server A   messages that nobody could handle, as far as the console knows
        failback pause COPY               pauses a material copy; resume goes on with it, cancel gives it up

          --server ADDRESS     where Failback answers (default http://127.0.0.1:5080); https, or http on loopback
          --token-file FILE    a file with a bearer token (default: FAILBACK_TOKEN_FILE of the environment)
          --user NAME          sign in with the local account; the password is asked for, or is the first line of standard input
          --json               JSON of the API on standard output instead of tables
          --follow             start-failback, start-copy, resume: until it ended, with percent, rate and time left
          --active, --finalised, --recorder ID, --text TEXT    log: only those
          --order ORDER        start-copy: OldestFirst, NewestFirst or EvidenceFirst
          --confirm-address HOST:PORT    start-failback: the recorder is right at this address, another one than when the failover began
          --public-key FILE    verify: the report must be signed with the key of this public key (PEM), not with the one that came with it
          --limit N            log, recorders: rows, 1 to 200 (default 50)
          --key GUID           of a request that is sent again; without it each invocation is a request of its own

        Exit code 0: done, or proved; 1: refused, failed, not proved or not reached; 2: the command is wrong.
        """;

    private static readonly Dictionary<string, RemoteCommand> Words = new()
    {
        ["log"] = RemoteCommand.Log,
        ["recorders"] = RemoteCommand.Recorders,
        ["plan"] = RemoteCommand.Plan,
        ["start-failback"] = RemoteCommand.StartFailback,
        ["start-copy"] = RemoteCommand.StartCopy,
        ["pause"] = RemoteCommand.Pause,
        ["resume"] = RemoteCommand.Resume,
        ["cancel"] = RemoteCommand.Cancel,
        ["verify"] = RemoteCommand.Verify,
        ["queues"] = RemoteCommand.Queues,
    };

    private static readonly string[] Orders = ["OldestFirst", "NewestFirst", "EvidenceFirst"];

    public RemoteCommand Command { get; private init; }

    /// <summary>The entry or the material copy.</summary>
    public Guid Id { get; private init; }
    public Uri Server { get; private init; } = new("http://127.0.0.1:5080");
    public string? TokenFile { get; init; }
    public string? User { get; private init; }
    public bool Json { get; private init; }
    public bool Follow { get; private init; }
    public bool? Finalised { get; private init; }
    public string? Recorder { get; private init; }
    public string? Text { get; private init; }
    public string? Order { get; private init; }

    /// <summary>What the API takes as <c>confirmedAddress</c> (R42).</summary>
    public string? ConfirmedAddress { get; private init; }
    public int Limit { get; private init; } = 50;
    public Guid? Key { get; private init; }
    public string? PublicKey { get; private init; }

    /// <summary>Two words speak the API only when it is named: else they look themselves, at recorders and at the broker.</summary>
    public static bool Has(string word, IReadOnlyList<string> rest) =>
        Words.TryGetValue(word, out var command)
        && (command is not (RemoteCommand.Verify or RemoteCommand.Queues) || rest.Contains("--server"));

    private bool Lists => Command is RemoteCommand.Log or RemoteCommand.Recorders or RemoteCommand.Queues;

    /// <summary>Reads the arguments, the command first.</summary>
    /// <returns>The options, or null and every wrong argument with what is allowed.</returns>
    public static (RemoteOptions? Options, IReadOnlyList<string> Wrong) Parse(IReadOnlyList<string> args)
    {
        var (options, wrong, words) = (new RemoteOptions { Command = Words[args[0]] }, new List<string>(), new List<string>());
        for (var i = 1; i < args.Count; i++)
        {
            var name = args[i];
            string Value()
            {
                if (i + 1 < args.Count && args[i + 1] is { Length: > 0 } value && value[0] != '-')
                    return args[++i];
                wrong.Add($"{name}: needs a value");
                return "";
            }
            if (!name.StartsWith('-'))
                words.Add(name);
            else
                options = name switch
                {
                    "--server" => options with { Server = Address(Value(), wrong) },
                    "--token-file" => options with { TokenFile = Value() },
                    "--user" => options with { User = Value() },
                    "--json" => options with { Json = true },
                    "--follow" => options with { Follow = true },
                    "--active" => options with { Finalised = false },
                    "--finalised" => options with { Finalised = true },
                    "--recorder" => options with { Recorder = Value() },
                    "--text" => options with { Text = Value() },
                    "--order" => options with { Order = Value() },
                    "--confirm-address" => options with { ConfirmedAddress = Value() },
                    "--limit" => options with { Limit = Number(Value()) },
                    "--public-key" => options with { PublicKey = Value() },
                    "--key" => options with { Key = Guid.TryParse(Value(), out var key) ? key : Guid.Empty },
                    _ => Unknown(options, name, wrong),
                };
        }
        if (options.Command == RemoteCommand.Queues && words is [var verb, ..])
        {
            if (verb != "list")
                wrong.Add("queues: over --server only list; show, replay and discard need the broker, ConnectionStrings:Bus");
            words.RemoveAt(0);
        }
        if (!options.Lists)
            options = options with { Id = Guid.TryParse(words.FirstOrDefault(), out var id) ? id : Guid.Empty };
        wrong.AddRange(Problems(options, words, args[0]));
        return wrong.Count == 0 ? (options, wrong) : (null, wrong);
    }

    private static IEnumerable<string> Problems(RemoteOptions options, List<string> words, string command)
    {
        var ofCopy = options.Command is RemoteCommand.Pause or RemoteCommand.Resume or RemoteCommand.Cancel;
        if (!options.Lists && options.Id == Guid.Empty)
            yield return ofCopy ? "COPY: needs the id of a material copy" : "ENTRY: needs the id of an entry of the failover log";
        if (words.Count > (options.Lists ? 0 : 1))
            yield return $"{Printable.Line(words[options.Lists ? 0 : 1])}: unknown; see failback {command} --help";
        if (options.Limit is < 1 or > 200)
            yield return "--limit: must be a whole number from 1 to 200";
        if (options.Key == Guid.Empty)
            yield return "--key: must be a GUID that is not empty";
        if (options.Order is not null && (options.Command != RemoteCommand.StartCopy || !Orders.Contains(options.Order)))
            yield return $"--order: only for start-copy, one of {string.Join(", ", Orders)}";
        if (options.ConfirmedAddress is not null && options.Command != RemoteCommand.StartFailback)
            yield return "--confirm-address: only for start-failback";
        if ((options.Finalised, options.Recorder, options.Text) is not (null, null, null) && options.Command != RemoteCommand.Log)
            yield return "--active, --finalised, --recorder, --text: only for log";
        if (options.Follow && options.Command is not (RemoteCommand.StartFailback or RemoteCommand.StartCopy or RemoteCommand.Resume))
            yield return "--follow: only for start-failback, start-copy and resume";
        if (options.PublicKey is not null && options.Command != RemoteCommand.Verify)
            yield return "--public-key: only for verify";
        if (options.TokenFile is not null && options.User is not null)
            yield return "--token-file, --user: only one of them";
    }

    /// <summary>A password or a token goes over no network in clear.</summary>
    private static Uri Address(string value, List<string> wrong)
    {
        if (
            Uri.TryCreate(value, UriKind.Absolute, out var address)
            && (address.Scheme == "https" || (address.Scheme == "http" && address.IsLoopback))
        )
            return address;
        wrong.Add("--server: must be an https:// address, or http:// on loopback");
        return new Uri("http://127.0.0.1:5080");
    }

    private static int Number(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static RemoteOptions Unknown(RemoteOptions options, string name, List<string> wrong)
    {
        wrong.Add($"{Printable.Line(name)}: unknown; see --help");
        return options;
    }
}
