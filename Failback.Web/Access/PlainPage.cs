using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;

namespace Failback.Web;

/// <summary>What the plain page says, in English and Finnish.</summary>
internal enum PlainWord
{
    Wait = 1,
    NoRight = 2,
    Failed = 3,
    NotThere = 4,
    NotSecure = 5,
    ManyPages = 6,
}

/// <summary>A page of one sentence, without script, for what was refused before a page of the console could answer.</summary>
internal static class PlainPage
{
    private static readonly Dictionary<PlainWord, (string English, string Finnish)> Words = new()
    {
        [PlainWord.Wait] = ("Too many wrong tries. Wait a while.", "Liian monta väärää yritystä. Odota hetki."),
        [PlainWord.NoRight] = ("Your roles give no right to this.", "Roolisi eivät anna oikeutta tähän."),
        [PlainWord.Failed] = ("This did not work.", "Tämä ei onnistunut."),
        [PlainWord.NotThere] = ("There is nothing here.", "Täällä ei ole mitään."),
        [PlainWord.NotSecure] = ("This is answered over https only.", "Tähän vastataan vain https-yhteydellä."),
        [PlainWord.ManyPages] = (
            "You have as many pages open as anybody may. Close one, wait a moment and load this one again.",
            "Sinulla on auki niin monta sivua kuin saa olla. Sulje jokin niistä, odota hetki ja lataa tämä uudelleen."
        ),
    };

    /// <param name="body">HTML of ours.</param>
    public static Task WriteAsync(HttpContext context, int status, PlainWord title, string body = "")
    {
        var finnish = IsFinnish(context);
        var said = HtmlEncoder.Default.Encode(finnish ? Words[title].Finnish : Words[title].English);
        // Hexadecimal digits: nothing to encode.
        var words = ConsoleWords.In(finnish ? "fi" : "en").Frame;
        var trace = title == PlainWord.Failed && WebTrace.Id is { } id ? $"<p>{words.Trace(id)}</p>" : "";
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(
            $"<!doctype html><html lang=\"{(finnish ? "fi" : "en")}\"><head><meta charset=\"utf-8\"><title>Failback</title></head>"
                + $"<body><h1>{said}</h1>{trace}{body}</body></html>"
        );
    }

    private static bool IsFinnish(HttpContext context) =>
        context.Request.GetTypedHeaders().AcceptLanguage.OrderByDescending(x => x.Quality ?? 1).FirstOrDefault()?.Value.Value is { } first
        && first.StartsWith("fi", StringComparison.OrdinalIgnoreCase);
}
