using Failback.Hosting;

namespace Failback.Host;

internal enum ProofCommand
{
    Verify = 1,
    Check = 2,
}

/// <summary>What <c>failback verify</c> or <c>failback check</c> was asked for on the command line.</summary>
internal sealed record ProofOptions
{
    public const string Usage = """
        failback verify ENTRY         reads both recorders and says, channel by channel, what is home
        failback verify ENTRY --server ADDRESS   reads no recorder: checks the newest report that was made by itself (failback log --help)
        failback check FILE           holds a recorder against a report: needs no database and no failover server

          ENTRY                 id of an entry of the failover log
          --report FILE         verify: writes the report to FILE, as JSON
          --page FILE           verify: writes it as a page with pictures
          --language en|fi      verify: of the page (default en)
          --key FILE            verify: signs what it writes with this private key (PEM, elliptic curve); the signature is FILE.sig
          --listings            verify: compares what the recorders list, and does not read the recordings
          --public-key FILE     check: the report must be signed with the key of this public key (PEM); the signature is FILE.sig
          --recorder ADDRESS    check: where the recorder is; without it only the report and its signature are checked
          --json                the outcome as JSON on standard output instead of text

        The database is ConnectionStrings:Database, secrets of recorders are in Failback:Recorders:SecretsFile: from the environment, the
        folder of secrets or the command line, as for every process. Neither command changes anything on a recorder.
        Exit code 0: all is home, or as the report says; 1: it is not, or could not be read; 2: the command or the configuration is wrong.
        """;

    public ProofCommand Command { get; private init; }
    public Guid Entry { get; private init; }
    public string File { get; private init; } = "";
    public string? Report { get; private init; }
    public string? Page { get; private init; }
    public string Language { get; private init; } = "en";
    public string? Key { get; private init; }
    public bool Listings { get; private init; }
    public string? PublicKey { get; private init; }
    public string? Recorder { get; private init; }
    public bool Json { get; private init; }

    /// <summary>Keys of the configuration, as every process takes them.</summary>
    public IReadOnlyList<string> Settings { get; private init; } = [];

    /// <summary>Reads the arguments, the command first.</summary>
    /// <returns>The options, or null and every wrong argument with what is allowed.</returns>
    public static (ProofOptions? Options, IReadOnlyList<string> Wrong) Parse(ProofCommand command, IReadOnlyList<string> args)
    {
        var (options, wrong, words) = (new ProofOptions { Command = command }, new List<string>(), new List<string>());
        for (var i = 0; i < args.Count; i++)
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
            // A colon in the value is none in the key: --recorder=http://... is no setting, and must not be taken for one.
            else if (name.StartsWith("--", StringComparison.Ordinal) && name.Split('=')[0].Contains(':'))
                options = options with { Settings = [.. options.Settings, name] };
            else
                options = (command, name) switch
                {
                    (_, "--json") => options with { Json = true },
                    (ProofCommand.Verify, "--report") => options with { Report = Value() },
                    (ProofCommand.Verify, "--page") => options with { Page = Value() },
                    (ProofCommand.Verify, "--language") => options with { Language = Value() },
                    (ProofCommand.Verify, "--key") => options with { Key = Value() },
                    (ProofCommand.Verify, "--listings") => options with { Listings = true },
                    (ProofCommand.Check, "--public-key") => options with { PublicKey = Value() },
                    (ProofCommand.Check, "--recorder") => options with { Recorder = Value() },
                    _ => Unknown(options, name, wrong),
                };
        }
        var word = words.FirstOrDefault() ?? "";
        options =
            command == ProofCommand.Check
                ? options with
                {
                    File = word,
                }
                : options with
                {
                    Entry = Guid.TryParse(word, out var id) ? id : default,
                };
        wrong.AddRange(Problems(options, words));
        return wrong.Count == 0 ? (options, wrong) : (null, wrong);
    }

    private static IEnumerable<string> Problems(ProofOptions options, List<string> words)
    {
        if (options.Command == ProofCommand.Verify && options.Entry == default)
            yield return "ENTRY: needs the id of an entry of the failover log";
        if (options.Command == ProofCommand.Check && options.File.Length == 0)
            yield return "FILE: needs a report that failback verify wrote";
        if (words.Count > 1)
            yield return $"{Printable.Line(words[1])}: unknown; see failback {options.Command.ToString().ToLowerInvariant()} --help";
        if (!CoveragePage.Languages.Contains(options.Language))
            yield return $"--language: must be {string.Join(" or ", CoveragePage.Languages)}";
        if (options.Key is not null && options.Report is null && options.Page is null)
            yield return "--key: signs what --report and --page write; give one of them";
        foreach (var clash in Clashes(options))
            yield return clash;
        foreach (var file in new[] { options.Report, options.Page }.OfType<string>().Where(x => x.Length > 0))
            if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file))))
                yield return $"{Printable.Line(file)}: must be in a folder that is there";
        if (options.Recorder is { Length: > 0 } address && !Uri.TryCreate(address, UriKind.Absolute, out _))
            yield return "--recorder: must be an address such as http://10.0.0.7:5011";
    }

    /// <summary>A signature that is moved over the private key, or over what the other option wrote, cannot be brought back.</summary>
    private static IEnumerable<string> Clashes(ProofOptions options)
    {
        (string Name, string File, string[] Touched)[] files =
        [
            .. Touching("--report", options.Report, Written),
            .. Touching("--page", options.Page, Written),
            .. Touching("--key", options.Key, x => [x]),
        ];
        // Elsewhere two spellings may be one file.
        var names = OperatingSystem.IsLinux() ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;
        for (var i = 0; i < files.Length; i++)
        for (var j = i + 1; j < files.Length; j++)
            if (files[i].Touched.Intersect(files[j].Touched, names).Any())
                yield return $"{files[i].Name} {Printable.Line(files[i].File)}, {files[j].Name} {Printable.Line(files[j].File)}: must be different files, also with .sig and .new behind the names of what is written";
    }

    /// <summary>Each is written beside its place first, and so is its signature.</summary>
    private static string[] Written(string file) =>
        [file, file + ".new", ReportSignature.PathOf(file), ReportSignature.PathOf(file) + ".new"];

    private static IEnumerable<(string, string, string[])> Touching(string name, string? file, Func<string, string[]> touched) =>
        file is { Length: > 0 } ? [(name, file, touched(Path.GetFullPath(file)))] : [];

    private static ProofOptions Unknown(ProofOptions options, string name, List<string> wrong)
    {
        wrong.Add($"{Printable.Line(name)}: unknown; see failback {options.Command.ToString().ToLowerInvariant()} --help");
        return options;
    }
}
