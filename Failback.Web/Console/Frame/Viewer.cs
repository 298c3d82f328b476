using System.Security.Claims;
using Failback.Saga;
using Microsoft.AspNetCore.Components.Authorization;

namespace Failback.Web;

/// <summary>Who looks at this circuit, in which language and zone, with which rights.</summary>
internal sealed class Viewer(AuthenticationStateProvider people, IAsk ask, TimeProvider time)
{
    public Preferences Preferences { get; private set; } = new("en", "system", "UTC");
    public ConsoleWords Words { get; private set; } = ConsoleWords.In(null);
    public Written Written { get; private set; } = new(ConsoleWords.In(null).Units, TimeZoneInfo.Utc);
    public Asker Asker { get; private set; } = new("", []);
    public bool SignedIn { get; private set; }
    public DateTimeOffset Now => time.GetUtcNow();
    public TimeProvider Time => time;

    /// <summary>Times read otherwise now, or rights are others.</summary>
    public event Action? Moved;

    public async Task OpenAsync(Preferences preferences)
    {
        Preferences = preferences;
        Words = ConsoleWords.In(preferences.Language);
        Written = new Written(Words.Units, Preferences.ZoneOf(preferences.Zone));
        Is((await people.GetAuthenticationStateAsync()).User);
        people.AuthenticationStateChanged += async state =>
        {
            Is((await state).User);
            Moved?.Invoke();
        };
    }

    private void Is(ClaimsPrincipal user)
    {
        SignedIn = user.Identity?.IsAuthenticated == true;
        Asker = SignedIn ? user.ToAsker() : new Asker("", []);
    }

    /// <summary>The browser's zone, when its cookie was not there yet; true when times read otherwise now.</summary>
    public bool MoveTo(string? zone)
    {
        var found = Preferences.ZoneOf(zone);
        if (found.Id == Written.Zone.Id)
            return false;
        Preferences = Preferences with { Zone = found.Id };
        Written = new Written(Words.Units, found);
        Moved?.Invoke();
        return true;
    }

    public bool May(string right) => SignedIn && ask.Allows(Asker, right);
}
