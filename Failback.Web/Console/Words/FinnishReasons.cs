namespace Failback.Web;

internal static class FinnishReasons
{
    public static readonly ReasonWords Failback = new()
    {
        InvalidLogState = new("Lokimerkintä ei salli sitä.", "Katso tallentimen uusinta merkintää: vain sitä voi käyttää."),
        FailoverServerInWrongState = new(
            "Varapalvelin ei enää sijaista.",
            "Tarkista sen rooli SMServerissä; sen on yhä tallennettava tämän tallentimen puolesta."
        ),
        RecorderInWrongState = new(
            "Tallennin ei ole tilassa, jota palautus vaatii.",
            "Se on voitu jo palauttaa, tai se noudattaa myöhempää vikaa: tarkista sen rooli."
        ),
        NoLicence = new("Lisenssi ei sisällä varapalvelintoimintoa.", "Uusi lisenssi SMServerissä ja yritä uudelleen."),
        AlreadyRunning = new("Tallentimelle on jo käynnissä varapalvelimen asetusten siirto.", "Odota, kunnes se päättyy."),
        NoRecorderSettings = new(
            "Tallentimen asetusten välimuistissa ei ole ehjiä asetuksia.",
            "Anna varapalvelimen yhdistyä, jotta sen asetukset voidaan lukea, ja yritä uudelleen."
        ),
        SettingsSavingFailed = new(
            "Tallennin ei ottanut asetuksia.",
            "Tarkista sen levy ja loki; varapalvelin jatkaa tallentamista. Yritä sitten uudelleen."
        ),
        Incompatible = new(
            "Asetukset eivät sovi tallentimeen.",
            "Asenna sama pääversio sekä asetuksissa nimetyt tallennuspaikat ja ajurit, ja yritä uudelleen."
        ),
        NoRecorder = new("Tallenninta ei tunneta.", "Lisää se SMServeriin ja yritä uudelleen."),
        NoFailoverServer = new("Varapalvelinta ei tunneta.", "Lisää se SMServeriin ja yritä uudelleen."),
        NoRecorderConnection = new(
            "Tallennin ei vastaa.",
            "Tarkista sen virta, verkko ja osoite; varapalvelin jatkaa tallentamista. Yritä sitten uudelleen."
        ),
        NoFailoverServerConnection = new("Varapalvelin ei vastaa.", "Tarkista sen virta ja verkko ja yritä uudelleen."),
        Forbidden = new("Roolisi eivät salli sitä.", "Pyydä oikeutta roolien myöntäjältä."),
        MaintenanceMode = new("Huoltotila on päällä.", "Ota se pois SMServerissä ja yritä uudelleen."),
        Canceled = new("Se peruttiin.", "Varapalvelin jatkaa tallentamista. Käynnistä uudelleen, kun haluat."),
        AddressChanged = new(
            "Tallentimen osoite on toinen kuin varapalvelinsiirron alkaessa.",
            "Tarkista osoite; jos se on oikea, vahvista se käynnistäessäsi varapalvelimen asetusten siirron."
        ),
        InternalError = new("Tapahtui odottamaton virhe.", "Yritä uudelleen; jos virhe toistuu, katso Failbackin lokia."),
    };

    public static readonly FailureWords Copy = new()
    {
        NoFailoverServerConnection = new("Varapalvelin ei vastaa.", "Tarkista sen virta ja verkko; kopiointi jatkuu itsestään."),
        NoRecorderConnection = new("Tallennin ei vastaa.", "Tarkista sen virta ja verkko; kopiointi jatkuu itsestään."),
        HoldLost = new("Varapalvelin ei säilyttänyt jaksoa.", "Puuttuva on poistettu sieltä: etsi siitä toinen kopio."),
        RecorderFull = new("Tallentimella ei ole tilaa.", "Vapauta tilaa sen levyiltä ja yritä kopiointia uudelleen."),
        ChecksumMismatch = new("Saapunut ei ole sama kuin lähetetty.", "Tarkista verkko ja levyt ja yritä kopiointia uudelleen."),
        FailoverServerStalled = new("Varapalvelin lakkasi lähettämästä.", "Tarkista sen kuorma ja levyt ja yritä kopiointia uudelleen."),
        RecorderStalled = new("Tallennin lakkasi vastaanottamasta.", "Tarkista sen kuorma ja levyt ja yritä kopiointia uudelleen."),
        WrongIdentity = new("Osoitteessa vastaa toinen laite.", "Tarkista osoitteet SMServerissä ja yritä kopiointia uudelleen."),
        FailoverServerRefused = new("Varapalvelin kieltäytyi.", "Tarkista sen versio ja tunnukset ja yritä kopiointia uudelleen."),
        RecorderRefused = new("Tallennin kieltäytyi.", "Tarkista sen versio ja tunnukset ja yritä kopiointia uudelleen."),
        DamagedAtSource = new("Se on vioittunut varapalvelimella.", "Ehjää kopioitavaa ei ole: säilytä raportti todisteena."),
        InternalError = new("Tapahtui odottamaton virhe.", "Yritä kopiointia uudelleen; jos virhe toistuu, katso Failbackin lokia."),
    };
}
