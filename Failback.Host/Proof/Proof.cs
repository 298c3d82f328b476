using System.Data.Common;
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

    /// <summary>Of a report that was checked without a key: that it agrees with itself says nothing of who wrote it.</summary>
    private const string Unproved =
        "agrees with itself, and was NOT checked against a key (--public-key): anybody may have written it or changed it";

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
            return await Command.RefuseAsync(wrong);
        try
        {
            await using var app = Command.Build("failback-proof", options.Settings);
            using var stop = Command.UntilCtrlC();
            var proof = new Proof(options, app.Services);
            return command == ProofCommand.Verify ? await proof.VerifyAsync(stop.Token) : await proof.CheckAsync(stop.Token);
        }
        catch (WrongConfigurationException lines)
        {
            return await Command.RefuseAsync(lines.Lines);
        }
        catch (InvalidDataException file)
        {
            // appsettings.json; the message names the file.
            return await Command.RefuseAsync([file.Message]);
        }
        catch (Exception fault) when (fault is CoverageException or IOException or UnauthorizedAccessException)
        {
            return await FailAsync(fault.Message);
        }
        catch (DbException fault)
        {
            // Addresses are in messages of faults, and passwords in addresses.
            return await FailAsync($"The database cannot be read: {fault.GetType().Name}.");
        }
        catch (OperationCanceledException)
        {
            return await FailAsync("stopped");
        }
    }

    private async Task<int> VerifyAsync(CancellationToken token)
    {
        var (key, wrong) = options.Key is { } path ? ReportSignature.PrivateKey(path) : (null, null);
        using (key)
        {
            if (wrong is not null)
                return await Command.RefuseAsync([$"--key: {options.Key} {wrong}"]);
            var (found, whyNot) = await ProofRequest.OfAsync(services.GetRequiredService<IRead>(), options.Entry, token);
            if (found is null)
                return await FailAsync($"{options.Entry}: {whyNot}");
            var request = found with { Evidence = options.Listings ? CoverageEvidence.Listings : CoverageEvidence.Contents };
            var report = await ReadingBar.WhileAsync(
                options.Json,
                request.Counted.Sum(y => y.Items),
                x => Coverage.ReadAsync(request, x, token)
            );
            Tell(report);
            if (options.Report is { } file)
                await WriteAsync(file, report.ToJson(), key, token);
            if (options.Page is { } page)
                await WriteAsync(page, CoveragePage.Render(report, options.Language), key, token);
            return report.IsWhole ? 0 : NotHome;
        }
    }

    private async Task<int> CheckAsync(CancellationToken token)
    {
        var (key, wrong) = options.PublicKey is { } path ? ReportSignature.PublicKey(path) : (null, null);
        using (key)
        {
            if (wrong is not null)
                return await Command.RefuseAsync([$"--public-key: {options.PublicKey} {wrong}"]);
            if (await ReadAsync(options.File, token) is not { } content)
                return await FailAsync($"{options.File}: over {CoverageReport.MostBytes} bytes");
            if (key is not null && !ReportSignature.IsOf(content, ReportSignature.Beside(options.File), key))
                return await FailAsync($"{options.File}: not signed with this key, or changed since");
            CoverageReport report;
            try
            {
                report = CoverageReport.FromJson(content);
            }
            catch (FormatException fault)
            {
                return await FailAsync($"{options.File}: {fault.Message}");
            }
            if (!report.IsConsistent)
                return await FailAsync($"{options.File}: its root is not that of its tracks and sources; it was changed");
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

    /// <returns>Null when it is longer than a report may be; whatever it is a file of.</returns>
    private static async Task<byte[]?> ReadAsync(string path, CancellationToken token)
    {
        await using var file = File.OpenRead(path);
        using var content = new MemoryStream();
        var block = new byte[1 << 20];
        for (int count; (count = await file.ReadAsync(block, token)) > 0; )
        {
            if (content.Length + count > CoverageReport.MostBytes)
                return null;
            content.Write(block, 0, count);
        }
        return content.ToArray();
    }

    /// <summary>All is on disk before anything of before goes; a signature that is not this content's never stays beside it unseen.</summary>
    private static async Task WriteAsync(string file, byte[] content, ECDsa? key, CancellationToken token)
    {
        var signature = ReportSignature.PathOf(file);
        await WriteNewAsync(file, content, token);
        if (key is null)
            File.Delete(signature);
        else
            await WriteNewAsync(signature, System.Text.Encoding.ASCII.GetBytes(ReportSignature.Of(content, key)), token);
        File.Move(file + ".new", file, overwrite: true);
        if (key is not null)
            File.Move(signature + ".new", signature, overwrite: true);
    }

    private static async Task WriteNewAsync(string file, byte[] content, CancellationToken token)
    {
        await using var half = new FileStream(file + ".new", FileMode.Create, FileAccess.Write);
        await half.WriteAsync(content, token);
        half.Flush(flushToDisk: true);
    }

    private void Tell(CoverageReport report)
    {
        if (options.Json)
        {
            WriteJson(
                new
                {
                    report.EntryId,
                    report.RecorderId,
                    report.Evidence,
                    whole = report.IsWhole,
                    items = Totals(report, x => x.Items),
                    bytes = Totals(report, x => x.Bytes),
                    report.Silent,
                    report.Root,
                }
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
        Screen.Wide(AnsiConsole.Console).Write(table);
        foreach (var (track, fault) in report.Tracks.SelectMany(x => x.Faults.Select(y => (x, y))).Take(MostShown))
            Console.WriteLine($"{PageWords.In("en")[fault.Mark]}: {Name(track)} {Instant(fault.Start)} {fault.Digest}");
        foreach (var track in report.Tracks.Where(x => x.SourceItems < x.CountedItems))
            Console.WriteLine(
                $"not comparable: {Printable.Line(track.SourceRecorderId, 100)} has {Number(track.SourceItems)} of the {Number(track.CountedItems)} items that it had of {Name(track)}"
            );
        foreach (var silent in report.Silent)
            Console.WriteLine(Said(silent));
        Console.WriteLine(
            report.IsWhole
                ? $"Everything is home: {Number(report.Tracks.Sum(x => x.ItemsOf(CoverageMark.Same) + x.ItemsOf(CoverageMark.Copied)))} items, {How(report)}. Root {report.Root}"
                : $"NOT everything is home, {How(report)}. Root {report.Root}"
        );
    }

    private void Tell(CoverageReport report, IReadOnlyList<CoverageDifference> differences, bool signed)
    {
        if (options.Json)
        {
            WriteJson(
                new
                {
                    report.EntryId,
                    report.RecorderId,
                    signed,
                    report.Evidence,
                    whole = report.IsWhole,
                    report.Silent,
                    recorderRead = options.Recorder is not null,
                    differences = differences.Select(x => new
                    {
                        x.Change,
                        x.Track.TrackId,
                        x.Track.Kind,
                        x.From,
                        x.To,
                    }),
                }
            );
            return;
        }
        foreach (var x in differences.Take(MostShown))
            Console.WriteLine($"{x.Change.ToString().ToLowerInvariant()}: {Name(x.Track)} {Instant(x.From)} to {Instant(x.To)}");
        foreach (var silent in report.Silent)
            Console.WriteLine(Said(silent));
        Console.WriteLine(
            $"The report {(signed ? "is signed with this key and unchanged" : Unproved)}. "
                + (report.IsWhole ? "" : "It says itself that NOT everything was home. ")
                + (
                    options.Recorder is null ? "The recorder was not read."
                    : differences.Count == 0 ? $"{Printable.Line(report.RecorderId)} holds exactly what it says, {How(report)}."
                    : $"{Printable.Line(report.RecorderId)} does NOT hold what it says: {Number(differences.Count)} differences."
                )
        );
    }

    /// <summary>A line of a source that lists nothing; its name is what somebody wrote.</summary>
    internal static string Said(SilentSource silent) =>
        $"{Printable.Line(silent.SourceRecorderId, 100)} lists nothing of the period {Instant(silent.From)} to {Instant(silent.To)}: it cannot be said that all is home."
        + " Its disk may be another, or not mounted.";

    private static void WriteJson(object value) => Console.WriteLine(JsonSerializer.Serialize(value, Json));

    private static string How(CoverageReport report) =>
        report.Evidence == CoverageEvidence.Contents ? "every byte read" : "by its listings alone";

    private static Dictionary<CoverageMark, long> Totals(
        CoverageReport report,
        Func<CoverageTrack, IReadOnlyDictionary<CoverageMark, long>> of
    ) => Enum.GetValues<CoverageMark>().ToDictionary(x => x, x => report.Tracks.Sum(y => of(y).GetValueOrDefault(x)));

    private static string Name(CoverageTrack track) =>
        $"{track.Kind.ToString().ToLowerInvariant()} of {Printable.Line(track.TrackId, 100)}";

    private static string Instant(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static async Task<int> FailAsync(string line)
    {
        // Recorders and files are quoted in it.
        await Console.Error.WriteLineAsync(Printable.Line(line));
        return NotHome;
    }
}
