using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Failback.Hosting;
using Failback.Messages;
using Failback.Saga;
using Failback.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace Failback.Host;

/// <summary><c>failback verify</c> and <c>failback check</c>: proof of what is home, read from the recorders themselves.</summary>
internal sealed class Proof(ProofOptions options, IServiceProvider services)
{
    private const int NotHome = 1;
    private const int MostShown = 50;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    private ICoverage Coverage => services.GetRequiredService<ICoverage>();

    public static int Help()
    {
        Console.WriteLine(ProofOptions.Usage);
        return 0;
    }

    /// <returns>0 when all is home or as the report says, 1 when it is not, 2 when the command or the configuration is wrong.</returns>
    public static async Task<int> RunAsync(ProofCommand command, string[] args)
    {
        var (options, wrong) = ProofOptions.Parse(command, args);
        if (options is null)
            return await RefuseAsync(wrong);
        try
        {
            // Not started: it listens nowhere and consumes nothing.
            await using var app = FailbackHost.Build(
                ["--Logging:LogLevel:Default=Warning", "--Logging:Console:LogToStandardErrorThreshold=Trace", .. options.Settings],
                "failback-proof",
                "http://127.0.0.1:0",
                (services, configuration) => AddRooms(command, services, configuration)
            );
            using var stop = new CancellationTokenSource();
            Console.CancelKeyPress += (_, pressed) =>
            {
                pressed.Cancel = true;
                stop.Cancel();
            };
            var proof = new Proof(options, app.Services);
            return command == ProofCommand.Verify ? await proof.VerifyAsync(stop.Token) : await proof.CheckAsync(stop.Token);
        }
        catch (WrongConfigurationException lines)
        {
            return await RefuseAsync(lines.Lines);
        }
        catch (Exception fault) when (fault is CoverageException or IOException or UnauthorizedAccessException)
        {
            return await FailAsync(fault.Message);
        }
        catch (OperationCanceledException)
        {
            return await FailAsync("stopped; nothing was written");
        }
    }

    private static void AddRooms(ProofCommand command, IServiceCollection services, IConfiguration configuration)
    {
        services.AddFailbackCoverage(configuration);
        if (command == ProofCommand.Verify)
            services.AddFailbackReading(configuration);
    }

    private async Task<int> VerifyAsync(CancellationToken token)
    {
        var (key, wrong) = options.Key is { } path ? ReportSignature.PrivateKey(path) : (null, null);
        using (key)
        {
            if (wrong is not null)
                return await RefuseAsync([wrong]);
            if (await ProofRequest.OfAsync(services.GetRequiredService<IRead>(), options.Entry, token) is not { } asked)
                return await FailAsync($"{options.Entry}: no such entry, or one whose recorders nobody told of");
            var request = asked.Request with { Evidence = options.Listings ? CoverageEvidence.Listings : CoverageEvidence.Contents };
            var report = await ReadingBar.WhileAsync(options.Json, asked.PlannedItems, x => Coverage.ReadAsync(request, x, token));
            if (options.Report is { } file)
                await WriteAsync(file, report.ToJson(), key, token);
            if (options.Page is { } page)
                await WriteAsync(page, CoveragePage.Render(report, options.Language), key, token);
            Tell(report);
            return report.IsWhole ? 0 : NotHome;
        }
    }

    private async Task<int> CheckAsync(CancellationToken token)
    {
        var (key, wrong) = options.PublicKey is { } path ? ReportSignature.PublicKey(path) : (null, null);
        using (key)
        {
            if (wrong is not null)
                return await RefuseAsync([wrong]);
            if (new FileInfo(options.File) is { Exists: true, Length: > CoverageReport.MostBytes })
                return await FailAsync($"{options.File}: over {CoverageReport.MostBytes} bytes");
            var content = await File.ReadAllBytesAsync(options.File, token);
            if (
                key is not null
                && !ReportSignature.IsOf(content, await File.ReadAllTextAsync(ReportSignature.PathOf(options.File), token), key)
            )
                return await FailAsync($"{options.File}: not signed with this key, or changed since");
            CoverageReport report;
            try
            {
                report = CoverageReport.FromJson(content);
            }
            catch (FormatException fault)
            {
                return await FailAsync($"{options.File}: {Printable.Line(fault.Message)}");
            }
            if (!report.IsConsistent)
                return await FailAsync($"{options.File}: its root is not that of its tracks; it was changed");
            IReadOnlyList<CoverageDifference> differences = [];
            if (options.Recorder is { } address)
                differences = await ReadingBar.WhileAsync(
                    options.Json,
                    report.Tracks.Sum(x => x.Spans.Sum(y => y.Held)),
                    x => Coverage.CheckAsync(report, new RecorderAddress { RecorderId = report.RecorderId, Address = address }, x, token)
                );
            Tell(report, differences, signed: key is not null);
            return differences.Count == 0 ? 0 : NotHome;
        }
    }

    /// <summary>Whole or not at all: a report that was there stays until the new one is.</summary>
    private static async Task WriteAsync(string file, byte[] content, ECDsa? key, CancellationToken token)
    {
        // The signature of before is none of this content, whatever happens in between.
        File.Delete(ReportSignature.PathOf(file));
        await ReplaceAsync(file, content, token);
        if (key is not null)
            await ReplaceAsync(ReportSignature.PathOf(file), System.Text.Encoding.ASCII.GetBytes(ReportSignature.Of(content, key)), token);
    }

    private static async Task ReplaceAsync(string file, byte[] content, CancellationToken token)
    {
        var half = file + ".new";
        await File.WriteAllBytesAsync(half, content, token);
        File.Move(half, file, overwrite: true);
    }

    private void Tell(CoverageReport report)
    {
        if (options.Json)
        {
            Console.WriteLine(
                JsonSerializer.Serialize(
                    new
                    {
                        report.EntryId,
                        report.RecorderId,
                        report.Evidence,
                        whole = report.IsWhole,
                        items = Totals(report, x => x.Items),
                        bytes = Totals(report, x => x.Bytes),
                        report.Root,
                    },
                    Json
                )
            );
            return;
        }
        var table = new Table().Border(TableBorder.Simple).AddColumns("from", "channel", "kind");
        foreach (var mark in Enum.GetValues<CoverageMark>())
            table.AddColumn(new TableColumn(PageWords.In("en")[mark].Replace(" the ", " ", StringComparison.Ordinal)).RightAligned());
        foreach (var track in report.Tracks)
            table.AddRow([
                Markup.Escape(Printable.Line(track.SourceRecorderId, 40)),
                Markup.Escape(Printable.Line(track.Name.Length > 0 ? track.Name : track.TrackId, 40)),
                track.Kind.ToString().ToLowerInvariant(),
                .. Enum.GetValues<CoverageMark>().Select(x => Number(track.ItemsOf(x))),
            ]);
        AnsiConsole.Write(table);
        foreach (var (track, fault) in report.Tracks.SelectMany(x => x.Faults.Select(y => (x, y))).Take(MostShown))
            Console.WriteLine($"{PageWords.In("en")[fault.Mark]}: {Name(track)} {Instant(fault.Start)} {fault.Digest}");
        Console.WriteLine(
            report.IsWhole
                ? $"Everything is home: {Number(report.Tracks.Sum(x => x.ItemsOf(CoverageMark.Same) + x.ItemsOf(CoverageMark.Copied)))} items. Root {report.Root}"
                : $"NOT everything is home. Root {report.Root}"
        );
    }

    private void Tell(CoverageReport report, IReadOnlyList<CoverageDifference> differences, bool signed)
    {
        if (options.Json)
        {
            Console.WriteLine(
                JsonSerializer.Serialize(
                    new
                    {
                        report.EntryId,
                        report.RecorderId,
                        signed,
                        recorderRead = options.Recorder is not null,
                        differences = differences.Select(x => new
                        {
                            x.Change,
                            x.Track.TrackId,
                            x.Track.Kind,
                            x.From,
                            x.To,
                        }),
                    },
                    Json
                )
            );
            return;
        }
        foreach (var x in differences.Take(MostShown))
            Console.WriteLine($"{x.Change.ToString().ToLowerInvariant()}: {Name(x.Track)} {Instant(x.From)} to {Instant(x.To)}");
        Console.WriteLine(
            $"The report {(signed ? "is signed with this key and unchanged" : "is consistent; its signature was not asked for")}. "
                + (
                    options.Recorder is null ? "The recorder was not read."
                    : differences.Count == 0 ? $"{report.RecorderId} holds exactly what it says."
                    : $"{report.RecorderId} does NOT hold what it says: {Number(differences.Count)} differences."
                )
        );
    }

    private static Dictionary<CoverageMark, long> Totals(
        CoverageReport report,
        Func<CoverageTrack, IReadOnlyDictionary<CoverageMark, long>> of
    ) => Enum.GetValues<CoverageMark>().ToDictionary(x => x, x => report.Tracks.Sum(y => of(y).GetValueOrDefault(x)));

    private static string Name(CoverageTrack track) =>
        $"{track.Kind.ToString().ToLowerInvariant()} of {Printable.Line(track.TrackId, 100)}";

    private static string Instant(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static async Task<int> RefuseAsync(IEnumerable<string> lines)
    {
        foreach (var line in lines)
            await Console.Error.WriteLineAsync(line);
        return FailbackHost.WrongConfiguration;
    }

    private static async Task<int> FailAsync(string line)
    {
        await Console.Error.WriteLineAsync(line);
        return NotHome;
    }
}
