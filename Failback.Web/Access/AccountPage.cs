using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Web;

/// <summary>What the plain pages say, in English and Finnish.</summary>
internal enum AccountWord
{
    SignIn = 1,
    Name = 2,
    Password = 3,
    WithProvider = 4,
    Wrong = 5,
    Wait = 6,
    NotSignedIn = 7,
    ChoosePassword = 8,
    Present = 9,
    Next = 10,
    Again = 11,
    Save = 12,
    NextRule = 13,
    NotSame = 14,
    NoRight = 15,
    Failed = 16,
    NotThere = 17,
}

/// <summary>Pages without script, for signing in where the console has none, and for what went wrong.</summary>
internal static class AccountPage
{
    private static readonly Dictionary<AccountWord, (string English, string Finnish)> Words = new()
    {
        [AccountWord.SignIn] = ("Sign in", "Kirjaudu sisään"),
        [AccountWord.Name] = ("Name", "Nimi"),
        [AccountWord.Password] = ("Password", "Salasana"),
        [AccountWord.WithProvider] = ("Sign in with your organisation's account", "Kirjaudu organisaatiosi tunnuksella"),
        [AccountWord.Wrong] = ("Wrong name or password.", "Väärä nimi tai salasana."),
        [AccountWord.Wait] = ("Too many wrong tries. Wait a while.", "Liian monta väärää yritystä. Odota hetki."),
        [AccountWord.NotSignedIn] = ("You could not be signed in.", "Kirjautuminen ei onnistunut."),
        [AccountWord.ChoosePassword] = ("Choose a password", "Valitse salasana"),
        [AccountWord.Present] = ("Present password", "Nykyinen salasana"),
        [AccountWord.Next] = ("New password", "Uusi salasana"),
        [AccountWord.Again] = ("New password again", "Uusi salasana uudelleen"),
        [AccountWord.Save] = ("Save", "Tallenna"),
        [AccountWord.NextRule] = (
            "12 to 128 characters, another one than now, without the name in it.",
            "12–128 merkkiä, eri kuin nykyinen, eikä nimeä sen osana."
        ),
        [AccountWord.NotSame] = ("The new passwords differ.", "Uudet salasanat eroavat toisistaan."),
        [AccountWord.NoRight] = ("Your roles give no right to this.", "Roolisi eivät anna oikeutta tähän."),
        [AccountWord.Failed] = ("This did not work.", "Tämä ei onnistunut."),
        [AccountWord.NotThere] = ("There is nothing here.", "Täällä ei ole mitään."),
    };

    public static Task SignInAsync(HttpContext context, bool local, bool oidc)
    {
        var page = new StringBuilder(Problem(context));
        var to = AccountEndpoints.Local(context.Request.Query["returnUrl"]);
        if (local)
        {
            Form(page, context, SignIn.Page);
            page.Append($"<input type=\"hidden\" name=\"returnUrl\" value=\"{Html(to)}\">");
            Input(page, context, AccountWord.Name, "name", "text", "username");
            Input(page, context, AccountWord.Password, "password", "password", "current-password");
            Button(page, context, AccountWord.SignIn);
        }
        if (oidc)
            page.Append(
                $"<p><a href=\"/account/oidc?returnUrl={Html(Uri.EscapeDataString(to))}\">{Word(context, AccountWord.WithProvider)}</a></p>"
            );
        return WriteAsync(context, StatusCodes.Status200OK, AccountWord.SignIn, page.ToString());
    }

    public static Task PasswordAsync(HttpContext context)
    {
        var page = new StringBuilder(Problem(context));
        Form(page, context, SignIn.PasswordPage);
        Input(page, context, AccountWord.Present, "password", "password", "current-password");
        Input(page, context, AccountWord.Next, "next", "password", "new-password");
        Input(page, context, AccountWord.Again, "again", "password", "new-password");
        page.Append($"<p>{Word(context, AccountWord.NextRule)}</p>");
        Button(page, context, AccountWord.Save);
        return WriteAsync(context, StatusCodes.Status200OK, AccountWord.ChoosePassword, page.ToString());
    }

    /// <summary>A page of one sentence, or with a body of ours that is HTML already.</summary>
    public static Task WriteAsync(HttpContext context, int status, AccountWord title, string body = "")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(
            $"<!doctype html><html lang=\"{(IsFinnish(context) ? "fi" : "en")}\"><head><meta charset=\"utf-8\"><title>Failback</title></head>"
                + $"<body><h1>{Word(context, title)}</h1>{body}</body></html>"
        );
    }

    private static void Form(StringBuilder page, HttpContext context, string action)
    {
        var token = context.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(context);
        page.Append(
            $"<form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"{token.FormFieldName}\" value=\"{Html(token.RequestToken!)}\">"
        );
    }

    private static void Input(StringBuilder page, HttpContext context, AccountWord label, string name, string type, string fill) =>
        page.Append(
            $"<p><label>{Word(context, label)} <input name=\"{name}\" type=\"{type}\" autocomplete=\"{fill}\" maxlength=\"128\" required></label></p>"
        );

    private static void Button(StringBuilder page, HttpContext context, AccountWord word) =>
        page.Append($"<p><button type=\"submit\">{Word(context, word)}</button></p></form>");

    private static string Problem(HttpContext context)
    {
        AccountWord? problem = context.Request.Query["problem"].ToString() switch
        {
            "wrong" => AccountWord.Wrong,
            "wait" => AccountWord.Wait,
            "next" => AccountWord.NextRule,
            "again" => AccountWord.NotSame,
            "" => null,
            _ => AccountWord.NotSignedIn,
        };
        return problem is { } word ? $"<p role=\"alert\">{Word(context, word)}</p>" : "";
    }

    private static string Word(HttpContext context, AccountWord word) =>
        Html(IsFinnish(context) ? Words[word].Finnish : Words[word].English);

    private static string Html(string text) => HtmlEncoder.Default.Encode(text);

    private static bool IsFinnish(HttpContext context) =>
        context.Request.GetTypedHeaders().AcceptLanguage.OrderByDescending(x => x.Quality ?? 1).FirstOrDefault()?.Value.Value is { } first
        && first.StartsWith("fi", StringComparison.OrdinalIgnoreCase);
}
