using System.Diagnostics;
using Npgsql;

namespace Failback.Benchmarks;

/// <summary>
/// How long somebody at the console waits: <c>failback-web</c> in a process of its own on a database of a large site, one page after another.
/// Beside it the same rows by <c>psql -c</c>, which is what one would have without a console. Interleaved rounds, the first not counted.
/// </summary>
internal static class ConsoleBenchmark
{
    private const double MostSeconds = 0.3;
    private const double Nearly = 0.95;
    private const int Requests = 200;
    private const int QuickRequests = 3;
    private const int FirstPages = 20;
    private const string Announced = "choose your own: ";

    public static async Task<IReadOnlyList<Ratio>> RunAsync(BenchmarkOptions options, TextWriter output, CancellationToken token)
    {
        if (options.Database is not { } server)
            throw new WrongUseException("console needs a PostgreSQL: --database, or its environment variable.");
        var rows = options.Quick ? ConsoleRows.Quick : ConsoleRows.Full;
        var calls = Chosen(options, ConsoleCall.All(rows));
        var folder = Directory.CreateDirectory(Path.Combine(options.Disk, $"failback-console-{Environment.ProcessId}-{Guid.NewGuid():N}"));
        try
        {
            Machine.Print(output);
            await using var database = await ThrowAwayDatabase.CreateAsync(server, token);
            await rows.FillAsync(database, token);
            var port = Child.FreePort();
            await using var web = StartWeb(database, folder.FullName, port);
            var oneTime = await PasswordAsync(web, token);
            await web.ListensAsync(port, token);
            using var visitor = await Visitor.SignInAsync(new Uri($"http://127.0.0.1:{port}/"), oneTime, token);
            var measured = await MeasureAsync(options, calls, visitor, database, output, token);
            return calls.Find(x => x.Path == "/") is { } first
                ? [.. measured, .. await FirstPage.MeasureAsync(visitor, first.Last, options.Quick ? QuickRequests : FirstPages, output)]
                : measured;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static List<ConsoleCall> Chosen(BenchmarkOptions options, IReadOnlyList<ConsoleCall> all)
    {
        var wrong = options.Only.Except(all.Select(x => x.Name)).ToArray();
        if (wrong.Length > 0)
            throw new WrongUseException($"--only: {string.Join(", ", wrong)}: must be of {string.Join(", ", all.Select(x => x.Name))}.");
        return [.. all.Where(x => options.Only.Count == 0 || options.Only.Contains(x.Name))];
    }

    /// <summary>The program itself, from beside this one; without the limits that keep out who asks too often.</summary>
    private static Child StartWeb(ThrowAwayDatabase database, string folder, int port) =>
        Child.Start(
            "dotnet",
            [("ConnectionStrings__Database", database.ConnectionString)],
            [
                Path.Combine(Path.GetDirectoryName(typeof(ConsoleBenchmark).Assembly.Location)!, "Failback.Web.dll"),
                $"--urls=http://127.0.0.1:{port}",
                $"--Failback:Web:Folder={folder}",
                "--Failback:Web:RequestsPerMinute=100000",
                "--Failback:Roles:operator:0=log.read",
                "--Logging:LogLevel:Default=Error",
            ]
        );

    /// <summary>The password of the first start, which is shown once.</summary>
    private static async Task<string> PasswordAsync(Child web, CancellationToken token)
    {
        while (true)
        {
            var line = await web.ReadLineAsync(token);
            var at = line.IndexOf(Announced, StringComparison.Ordinal);
            if (at >= 0)
                return line[(at + Announced.Length)..].Trim();
        }
    }

    private static async Task<IReadOnlyList<Ratio>> MeasureAsync(
        BenchmarkOptions options,
        List<ConsoleCall> calls,
        Visitor visitor,
        ThrowAwayDatabase database,
        TextWriter output,
        CancellationToken token
    )
    {
        var requests = options.Quick ? QuickRequests : (Requests + options.Rounds - 1) / options.Rounds;
        var (psql, load) = (Psql(), Machine.Load());
        var waits = calls.ToDictionary(x => x, _ => new Waits());
        for (var round = 0; round <= options.Rounds; round++)
        {
            foreach (var call in calls)
            {
                var (ours, theirs) = (new List<Wait>(), new List<double>());
                for (var i = 0; i < requests; i++)
                    ours.Add(await OpenAsync(visitor, call, token));
                for (var i = 0; psql is not null && i < requests; i++)
                    theirs.Add(await InsteadAsync(psql, database, call, token));
                if (round > 0)
                    waits[call].Add(ours, theirs);
            }
        }
        output.WriteLine();
        output.WriteLine(
            $"console: {requests * options.Rounds} requests each in {options.Rounds} rounds, load before {load}, after {Machine.Load()}"
        );
        return Print(calls, waits, output);
    }

    private static async Task<Wait> OpenAsync(Visitor visitor, ConsoleCall call, CancellationToken token)
    {
        var watch = Stopwatch.StartNew();
        var text = await visitor.GetAsync(call.Path, token);
        var html = watch.Elapsed.TotalSeconds;
        if (!call.IsPage)
            return text.Contains(call.Last, StringComparison.Ordinal)
                ? new Wait(html, html)
                : throw new InvalidOperationException($"{call.Path}: {call.Last} is not in the answer");
        await using var circuit = await Circuit.OpenAsync(visitor, call.Path, text, token);
        await circuit.ShowsAsync(call.Last, token);
        // Leaving the page is not waited for.
        return new Wait(html, watch.Elapsed.TotalSeconds);
    }

    private static async Task<double> InsteadAsync(string psql, ThrowAwayDatabase database, ConsoleCall call, CancellationToken token)
    {
        var at = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        var watch = Stopwatch.StartNew();
        await Child.RunAsync(
            psql,
            ["-X", "-c", call.Sql],
            token,
            ("PGHOST", at.Host ?? ""),
            ("PGPORT", $"{at.Port}"),
            ("PGUSER", at.Username ?? ""),
            ("PGPASSWORD", at.Password ?? ""),
            ("PGDATABASE", at.Database ?? "")
        );
        return watch.Elapsed.TotalSeconds;
    }

    /// <summary>The program itself where it is known to be: some systems put a slower script before it.</summary>
    private static string? Psql()
    {
        const string Versions = "/usr/lib/postgresql";
        var own = Directory.Exists(Versions) ? Directory.GetDirectories(Versions).Select(x => Path.Combine(x, "bin", "psql")) : [];
        return own.Where(File.Exists).Order(StringComparer.Ordinal).LastOrDefault() ?? Child.Find("psql");
    }

    private static List<Ratio> Print(List<ConsoleCall> calls, Dictionary<ConsoleCall, Waits> waits, TextWriter output)
    {
        var (rows, lines) = (new List<Ratio>(), new List<string[]>());
        foreach (var call in calls)
        {
            var (name, wait) = ($"console: {call.Name}", waits[call]);
            var beside = Ratio.Of(name, "psql -c", wait.OursByRound, wait.TheirsByRound, null);
            rows.Add(beside);
            if (call.IsPage)
                rows.Add(Ratio.Of(name, $"{MostSeconds} s at 95 %", [Statistics.Part(wait.Shown, Nearly)], [MostSeconds], 1));
            lines.Add([
                call.Path.Length > 24 ? call.Name : call.Path,
                Milliseconds(wait.Shown, 0.5),
                Milliseconds(wait.Shown, Nearly),
                call.IsPage ? Milliseconds(wait.Html, 0.5) : "",
                call.IsPage ? Milliseconds(wait.Html, Nearly) : "",
                Milliseconds(wait.Theirs, 0.5),
                Milliseconds(wait.Theirs, Nearly),
                Report.Text(beside),
            ]);
        }
        Report.PrintTable(["", "ms", "95 %", "its HTML ms", "95 %", "psql -c ms", "95 %", "faster than psql by"], lines, output);
        return rows;
    }

    private static string Milliseconds(List<double> seconds, double part) =>
        seconds.Count == 0 ? "not here" : Report.Number(1_000 * Statistics.Part(seconds, part));

    /// <summary>Seconds until the HTML was there, and until the rows were.</summary>
    private sealed record Wait(double Html, double Shown);

    /// <summary>All that was measured of one call, and the median of each round.</summary>
    private sealed class Waits
    {
        public List<double> Html { get; } = [];
        public List<double> Shown { get; } = [];
        public List<double> Theirs { get; } = [];
        public List<double> OursByRound { get; } = [];
        public List<double> TheirsByRound { get; } = [];

        public void Add(List<Wait> ours, List<double> theirs)
        {
            Html.AddRange(ours.Select(x => x.Html));
            Shown.AddRange(ours.Select(x => x.Shown));
            Theirs.AddRange(theirs);
            OursByRound.Add(Statistics.Median([.. ours.Select(x => x.Shown)]));
            if (theirs.Count > 0)
                TheirsByRound.Add(Statistics.Median(theirs));
        }
    }
}
