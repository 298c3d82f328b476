using System.Globalization;
using Failback.Messages;
using Failback.Worker;

namespace Failback.Host;

/// <summary>The words of the coverage page in one language.</summary>
internal sealed record PageWords
{
    private static readonly PageWords English = new()
    {
        Culture = CultureInfo.InvariantCulture,
        Title = "Coverage report of a failback",
        Whole = "Everything that the failover server recorded is on the recorder.",
        NotWhole = "Not everything is on the recorder as it should be.",
        Recorder = "Recorder",
        Entry = "Entry of the failover log",
        ReadAt = "Read",
        Evidence = "Evidence",
        ByContents = "every byte on the recorder was read (XxHash128 compared, SHA-256 in the roots)",
        ByListings = "what the recorders list; recordings were not read",
        Root = "Root",
        From = "From",
        Channel = "Channel",
        Kind = "Kind",
        Time = "Time",
        Faults = "Not home as it should be",
        Start = "Start",
        What = "What",
        ListsNothing = "lists nothing of the period",
        CannotSay = "it cannot be said that all is home",
        Bytes = "Bytes",
        Marks = ["only on the recorder", "same", "copied", "conflict", "damaged at the source", "damaged on the recorder", "missing"],
        Kinds = ["audio", "video", "text", "metadata", "ANPR", "alarms"],
    };

    private static readonly PageWords Finnish = new()
    {
        Culture = Grouped("\u00a0"),
        Title = "Kattavuusraportti: varapalvelimen asetusten siirto",
        Whole = "Kaikki varapalvelimen tallentama on tallentimella.",
        NotWhole = "Kaikki ei ole tallentimella niin kuin pitäisi.",
        Recorder = "Tallennin",
        Entry = "Varapalvelinsiirtojen lokin merkintä",
        ReadAt = "Luettu",
        Evidence = "Näyttö",
        ByContents = "tallentimen jokainen tavu luettiin (XxHash128 verrattiin, SHA-256 on juurissa)",
        ByListings = "tallentimien luettelot; tallenteita ei luettu",
        Root = "Juuri",
        From = "Lähde",
        Channel = "Kanava",
        Kind = "Laji",
        Time = "Aika",
        Faults = "Ei tallentimella niin kuin pitäisi",
        Start = "Alku",
        What = "Mikä",
        ListsNothing = "ei luettele mitään jaksolta",
        CannotSay = "ei voida sanoa, että kaikki on tallentimella",
        Bytes = "Tavuja",
        Marks = ["vain tallentimella", "sama", "kopioitu", "ristiriita", "vioittunut lähteessä", "vioittunut tallentimella", "puuttuu"],
        Kinds = ["ääni", "video", "teksti", "metatieto", "rekisterikilvet", "hälytykset"],
    };

    public required CultureInfo Culture { get; init; }
    public required string Title { get; init; }
    public required string Whole { get; init; }
    public required string NotWhole { get; init; }
    public required string Recorder { get; init; }
    public required string Entry { get; init; }
    public required string ReadAt { get; init; }
    public required string Evidence { get; init; }
    public required string ByContents { get; init; }
    public required string ByListings { get; init; }
    public required string Root { get; init; }
    public required string From { get; init; }
    public required string Channel { get; init; }
    public required string Kind { get; init; }
    public required string Time { get; init; }
    public required string Faults { get; init; }
    public required string Start { get; init; }
    public required string What { get; init; }
    public required string Bytes { get; init; }

    /// <summary>Between the name of a failover server and a period.</summary>
    private string ListsNothing { get; init; } = "";

    /// <summary>What follows from that.</summary>
    private string CannotSay { get; init; } = "";

    /// <summary>In the order of <see cref="CoverageMark"/>.</summary>
    private string[] Marks { get; init; } = [];

    /// <summary>In the order of <see cref="DataKind"/>.</summary>
    private string[] Kinds { get; init; } = [];

    /// <summary>The cultures of the machine are not needed, and may not be there.</summary>
    private static CultureInfo Grouped(string separator)
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberGroupSeparator = separator;
        return culture;
    }

    public string this[CoverageMark mark] => Marks[(int)mark - 1];

    public string KindOf(DataKind kind) => Kinds[(int)kind - 1];

    public static PageWords In(string language) => language == "fi" ? Finnish : English;

    /// <summary>A failover server that lists nothing, as a sentence.</summary>
    public string Silence(string source, string from, string to) => $"{source} {ListsNothing} {from} – {to}: {CannotSay}.";

    /// <summary>A picture in words, for who does not see it.</summary>
    public string Describe(CoverageTrack track) =>
        string.Join(", ", track.Items.Select(x => $"{this[x.Key]} {x.Value.ToString("N0", Culture)}"));
}
