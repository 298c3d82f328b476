using System.Security.Claims;
using System.Text.Json;
using Failback.Saga;

namespace Failback.Web;

/// <summary>Who is signed in, as the saga knows people: a name and roles (D14).</summary>
internal static class Askers
{
    /// <summary>Claim types that <c>Failback:Web</c> maps others to when somebody signs in.</summary>
    public const string Name = "name";
    public const string Role = "role";

    private const int LongestName = 128;
    private const int MostRoles = 32;

    /// <summary>Names that are ours in the audit trail: whoever comes from elsewhere with one could not be told from us.</summary>
    private static readonly HashSet<string> Ours = new(StringComparer.OrdinalIgnoreCase) { OperatorAccount.Name, "failback" };

    public static Asker ToAsker(this ClaimsPrincipal user) =>
        new(user.FindFirst(Name)?.Value ?? "", [.. user.FindAll(Role).Select(x => x.Value).Distinct(StringComparer.Ordinal)]);

    /// <summary>A name for the audit trail of somebody from elsewhere; null when there is none that it would take.</summary>
    public static string? NameOf(IReadOnlyList<Claim> claims, string nameClaim)
    {
        var name = (claims.FirstOrDefault(x => x.Type == nameClaim) ?? claims.FirstOrDefault(x => x.Type == "sub"))?.Value.Trim();
        return name is { Length: >= 1 and <= LongestName } && name.All(IsPrintable) && !Ours.Contains(name) ? name : null;
    }

    /// <summary>The roles of somebody that give any right here; people may be in hundreds of groups of their company.</summary>
    /// <param name="roleClaim">The claim, or a path into a claim that is a JSON object.</param>
    public static IReadOnlyList<string> RolesOf(IReadOnlyList<Claim> claims, string roleClaim, IReadOnlyCollection<string> known)
    {
        var roles = claims.Where(x => x.Type == roleClaim).SelectMany(x => Texts(x.Value));
        var path = roleClaim.Split('.');
        if (path.Length > 1)
            roles = roles.Concat(claims.Where(x => x.Type == path[0]).SelectMany(x => Inside(x.Value, path[1..])));
        return [.. roles.Where(known.Contains).Distinct(StringComparer.Ordinal).Take(MostRoles)];
    }

    private static IEnumerable<string> Texts(string value) => value.StartsWith('[') ? Inside(value, []) : [value];

    private static IReadOnlyList<string> Inside(string json, string[] path)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var part = document.RootElement;
            foreach (var step in path)
                if (part.ValueKind != JsonValueKind.Object || !part.TryGetProperty(step, out part))
                    return [];
            return part.ValueKind switch
            {
                JsonValueKind.String => [part.GetString()!],
                JsonValueKind.Array =>
                [
                    .. part.EnumerateArray().Where(x => x.ValueKind == JsonValueKind.String).Select(x => x.GetString()!),
                ],
                _ => [],
            };
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static bool IsPrintable(char x) =>
        !char.IsControl(x) && !char.IsSurrogate(x) && char.GetUnicodeCategory(x) != System.Globalization.UnicodeCategory.Format;
}
