namespace Failback.Tests;

/// <summary>200 names as strangers may bring them: markup, direction, length, control, quotes, templates, paths, broken text.</summary>
internal static class HostileNames
{
    public const int Count = 200;

    /// <summary>What runs says so: <c>window.owned</c>, or the title.</summary>
    private const string Runs = "window.owned=1;document.title='owned'";

    private static readonly string[] Markup =
    [
        $"<script>{Runs}</script>",
        $"<img src=x onerror=\"{Runs}\">",
        $"\"><svg onload={Runs}>",
        $"'><body onload={Runs}>",
        $"</title><script>{Runs}</script>",
        $"</textarea><script>{Runs}</script>",
        $"</select></option><script>{Runs}</script>",
        $"<iframe srcdoc=\"<script>parent.{Runs}</script>\"></iframe>",
        $"<a href=\"javascript:{Runs}\">open</a>",
        $"javascript:{Runs}",
        $"<details open ontoggle={Runs}>",
        $"<input autofocus onfocus={Runs}>",
        $"<video><source onerror={Runs}></video>",
        $"<math><mtext><mglyph><style><img src=x onerror={Runs}>",
        $"\" onmouseover=\"{Runs}\" autofocus tabindex=0 onfocus=\"{Runs}\" x=\"",
        $"' onfocus='{Runs}' autofocus '",
        "<base href=//stranger.example/>",
        "<meta http-equiv=refresh content=\"0;url=//stranger.example\">",
        "<link rel=stylesheet href=//stranger.example/x.css>",
        "<form action=//stranger.example><button>",
        "<object data=//stranger.example/x.swf></object>",
        "<style>*{display:none}</style>",
        "<plaintext>",
        "<xmp>",
        "<textarea>",
        "<noscript><p title=\"</noscript><img src=x>\">",
        "<template><slot>",
        "<marquee>far</marquee>",
        "<table><td style=\"position:fixed;inset:0\">",
        "<!--",
        "-->",
        "<![CDATA[ ]]>",
        "]]>",
        "&lt;script&gt;1&lt;/script&gt;",
        "&#60;b&#62;",
        "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>&y;",
    ];

    private static readonly string[] Texts =
    [
        "\"",
        "'",
        "`",
        "\\",
        "\\\"",
        "\\'",
        "\"\"\"",
        "');//",
        "\");//",
        "'; DROP TABLE recorder; --",
        "' OR 1=1 --",
        "\",\"admin\":true,\"x\":\"",
        "a\r\nSet-Cookie: x=1",
        "{{7*7}}",
        "{{constructor.constructor('window.owned=1')()}}",
        "${7*7}",
        "#{7*7}",
        "<%= 7*7 %>",
        "@(7*7)",
        "@Html.Raw(\"<b>\")",
        "{0}",
        "{0:N0}{1}{2}",
        "%s%s%n",
        "%x%x",
        "$(reboot)",
        "`reboot`",
        "| reboot",
        "; reboot",
        "=cmd|' /C calc'!A0",
        "=HYPERLINK(\"//stranger.example\")",
        "+1+1",
        "-1-1",
        "@SUM(1)",
        "\t=1+1",
    ];

    private static readonly string[] Paths =
    [
        "../../../../etc/passwd",
        "..\\..\\..\\windows\\win.ini",
        "/etc/passwd",
        "C:\\Windows\\System32",
        "\\\\stranger\\share",
        "//stranger.example/x",
        "file:///etc/passwd",
        "%2e%2e%2f%2e%2e%2f",
        "%00",
        "%0d%0aSet-Cookie:%20x=1",
        "..;/",
        "a/b/c",
        "?list=finalised#x",
        "~root",
        "CON",
        "nul.txt",
        "name.",
        "-rf",
        "true",
        "null",
        "NaN",
        "undefined",
        "[object Object]",
        "__proto__",
        "constructor",
        "1e309",
        "\uD800 lone",
        "lone \uDFFF",
        "\uDC00\uD800",
        "\ufeffmark",
        "\ufffe\uffff",
        "\ue000 private",
        "line\u2028line\u2029end",
        "soft\u00adhyphen",
        "zero\u200bwidth\u200cno\u200djoin",
        "👨‍👩‍👧‍👦🏴‍☠️",
        "\U000E0041\U000E0042 tags",
        "ﷺ﷽",
        "שער צפוני 3",
        "بوابة الشمال ٣",
        "Ω≈ç√∫˜µ≤≥÷",
    ];

    public static IReadOnlyList<string> All { get; } = [.. Made().Distinct().Take(Count)];

    private static IEnumerable<string> Made()
    {
        string[] longer = ["W", "i", "<", "\"", "ab ", "Z\u0301\u0302\u0303\u0304\u0305\u0306", "漢", "🚓", "\u202e", "a\u0000", "../"];
        var control = Enumerable.Range(0, 32).Append(127).Concat(Enumerable.Range(0x80, 6)).Select(x => (char)x);
        char[] turning =
        [
            '\u200e',
            '\u200f',
            '\u202a',
            '\u202b',
            '\u202c',
            '\u202d',
            '\u202e',
            '\u2066',
            '\u2067',
            '\u2068',
            '\u2069',
            '\u061c',
        ];
        IEnumerable<string> names =
        [
            .. longer.Select(Long),
            .. Markup,
            .. Texts,
            .. Paths,
            .. control.Select(x => $"gate{x}north{x}"),
            .. turning.Select(x => $"gate{x}gpj.exe"),
        ];
        // Each of them alone, then with others.
        return names.Concat(turning.SelectMany(x => Markup.Select(y => $"{x}{y}{x}")));
    }

    private static string Long(string part) => string.Concat(Enumerable.Repeat(part, 4_000 / part.Length + 1))[..4_000];
}
