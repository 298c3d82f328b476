using System.Globalization;
using System.Net;
using System.Text;
using Failback.Messages;
using Failback.Worker;

namespace Failback.Host;

/// <summary>
/// A coverage report as one HTML file that needs nothing else: a picture of each channel's time, the counts, what is not home by name.
/// No script; whatever recorders wrote is text.
/// </summary>
internal static class CoveragePage
{
    public static readonly string[] Languages = ["en", "fi"];

    /// <summary>Columns of a picture; each shows the gravest mark of its time.</summary>
    private const int Columns = CoverageTrack.PictureColumns;
    private const int Height = 22;

    public static byte[] Render(CoverageReport report, string language)
    {
        var words = PageWords.In(language);
        var page = new StringBuilder();
        page.Append(
            CultureInfo.InvariantCulture,
            $"""
            <!doctype html>
            <html lang="{language}"><head><meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{words.Title} {report.EntryId}</title>
            <style>{Style}</style></head><body>
            <h1>{words.Title}</h1>
            <p class="{(report.IsWhole ? "good" : "bad")}">{(report.IsWhole ? words.Whole : words.NotWhole)}</p>
            <dl>
            <dt>{words.Recorder}</dt><dd>{Text(report.RecorderId)}</dd>
            <dt>{words.Entry}</dt><dd>{report.EntryId}</dd>
            <dt>{words.ReadAt}</dt><dd>{Instant(report.At)}</dd>
            <dt>{words.Evidence}</dt><dd>{(report.Evidence == CoverageEvidence.Contents ? words.ByContents : words.ByListings)}</dd>
            <dt>{words.Root}</dt><dd class="root">{Text(report.Root)}</dd>
            </dl>
            <p class="legend">
            """
        );
        foreach (var mark in Enum.GetValues<CoverageMark>())
            page.Append(
                CultureInfo.InvariantCulture,
                $"""<span><svg width="14" height="14" aria-hidden="true"><rect class="m{(int)mark}" width="14" height="14"/></svg> {words[mark]}</span> """
            );
        page.Append("</p>\n");
        foreach (var silent in report.Silent)
            page.Append(
                CultureInfo.InvariantCulture,
                $"<p class=\"bad\">{words.Silence(Text(silent.SourceRecorderId), Instant(silent.From), Instant(silent.To))}</p>\n"
            );
        foreach (var source in report.Tracks.GroupBy(x => (x.EntryId, x.SourceRecorderId, x.From, x.To)))
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"""
                <h2>{words.From} {Text(source.Key.SourceRecorderId)}, {Instant(source.Key.From)} – {Instant(source.Key.To)}</h2>
                <table><thead><tr><th>{words.Channel}</th><th>{words.Kind}</th><th class="time">{words.Time}</th>
                """
            );
            foreach (var mark in Enum.GetValues<CoverageMark>())
                page.Append(CultureInfo.InvariantCulture, $"<th>{words[mark]}</th>");
            page.Append("</tr></thead><tbody>\n");
            foreach (var track in source)
                Row(page, track, words);
            page.Append("</tbody></table>\n");
        }
        Faults(page, report, words);
        return Encoding.UTF8.GetBytes(page.Append("</body></html>\n").ToString());
    }

    private static void Row(StringBuilder page, CoverageTrack track, PageWords words)
    {
        page.Append(
            CultureInfo.InvariantCulture,
            $"""<tr><th scope="row">{Text(track.Name.Length > 0 ? track.Name : track.TrackId)}<small>{Text(track.TrackId)}</small></th><td>{words.KindOf(track.Kind)}</td><td class="time">"""
        );
        page.Append(
            CultureInfo.InvariantCulture,
            $"""<svg viewBox="0 0 {Columns} {Height}" preserveAspectRatio="none" role="img" aria-label="{words.Describe(track)}"><rect class="none" width="{Columns}" height="{Height}"/>"""
        );
        foreach (var (mark, first, count) in Painted(track))
            page.Append(CultureInfo.InvariantCulture, $"""<rect class="m{(int)mark}" x="{first}" width="{count}" height="{Height}"/>""");
        page.Append("</svg></td>");
        foreach (var mark in Enum.GetValues<CoverageMark>())
            page.Append(
                CultureInfo.InvariantCulture,
                $"""<td class="n{(track.ItemsOf(mark) > 0 ? $" has{(int)mark}" : "")}">{track.ItemsOf(mark).ToString("N0", words.Culture)}</td>"""
            );
        page.Append(
            CultureInfo.InvariantCulture,
            $"</tr>\n<tr class=\"root\"><td colspan=\"10\">{words.Root} {Text(track.Root)}</td></tr>\n"
        );
    }

    /// <summary>The columns of a picture, neighbours of one mark as one.</summary>
    internal static IEnumerable<(CoverageMark Mark, int First, int Count)> Painted(CoverageTrack track)
    {
        var columns = new CoverageMark[Columns];
        var length = Math.Max(1, (track.To - track.From).Ticks);
        foreach (var span in track.Spans)
        {
            var first = Column(span.From);
            for (var i = first; i <= Math.Max(first, Column(span.To.AddTicks(-1))); i++)
                columns[i] = span.Mark > columns[i] ? span.Mark : columns[i];
        }
        for (var i = 0; i < Columns; )
        {
            var first = i;
            while (i < Columns && columns[i] == columns[first])
                i++;
            if (columns[first] != default)
                yield return (columns[first], first, i - first);
        }

        int Column(DateTimeOffset at) => (int)Int128.Clamp((Int128)(at - track.From).Ticks * Columns / length, 0, Columns - 1);
    }

    private static void Faults(StringBuilder page, CoverageReport report, PageWords words)
    {
        if (report.IsWhole)
            return;
        page.Append(
            CultureInfo.InvariantCulture,
            $"<h2>{words.Faults}</h2>\n<table><thead><tr><th>{words.Channel}</th><th>{words.Kind}</th><th>{words.Start}</th><th>{words.What}</th><th>{words.Bytes}</th><th>XxHash128</th></tr></thead><tbody>\n"
        );
        foreach (var track in report.Tracks)
        foreach (var fault in track.Faults)
            page.Append(
                CultureInfo.InvariantCulture,
                $"<tr><th scope=\"row\">{Text(track.TrackId)}</th><td>{words.KindOf(track.Kind)}</td><td>{Instant(fault.Start)}</td><td>{words[fault.Mark]}</td><td class=\"n\">{fault.Length.ToString("N0", words.Culture)}</td><td class=\"root\">{Text(fault.Digest)}</td></tr>\n"
            );
        page.Append("</tbody></table>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(Printable.Line(text));

    private static string Instant(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture) + " UTC";

    private const string Style = """
        body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:1200px;padding:0 1rem;color:#1b1f24;background:#fff}
        h1{margin:0 0 .5rem}h2{font-size:1.05rem;margin-top:2rem}.good,.bad{font-weight:600;padding:.5rem .75rem;border-left:6px solid #1a7f37;background:#eaf6ec}
        .bad{border-color:#b42318;background:#fdeceb}dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem}dt{color:#57606a}dd{margin:0}
        table{border-collapse:collapse;width:100%}th,td{padding:.3rem .5rem;text-align:left;vertical-align:middle}thead th{font-weight:600;border-bottom:1px solid #d0d7de}
        tbody th{font-weight:400}tbody th,h2,dd{overflow-wrap:anywhere}@media(max-width:1000px){table{display:block;overflow-x:auto}}small{display:block;color:#57606a}.time{width:45%}.time svg{width:100%;height:22px;display:block}.n{text-align:right;font-variant-numeric:tabular-nums;color:#8b949e}
        .root{font-family:ui-monospace,monospace;font-size:12px;color:#57606a;overflow-wrap:anywhere}tr.root td{border-bottom:1px solid #eaeef2;padding-top:0}.legend span{margin-right:1.2rem;white-space:nowrap}
        .none{fill:#f0f2f4}.m1{fill:#b8c4d0}.m2{fill:#5b7fa6}.m3{fill:#2da44e}.m4{fill:#d4a72c}.m5{fill:#8250df}.m6{fill:#bf3989}.m7{fill:#cf222e}
        .has1,.has2,.has3{color:#1b1f24}.has4,.has5,.has6,.has7{color:#cf222e;font-weight:700}
        """;
}
