using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Failback.Hosting;

/// <summary>Where secrets are, section <c>Failback:Secrets</c>; read once, when the process starts.</summary>
public sealed class SecretsOptions
{
    /// <summary>
    /// Absolute path of a folder with a file for each secret key, for example <c>ConnectionStrings__Bus</c> with the broker's address.
    /// What is in it wins over the environment and appsettings.json.
    /// </summary>
    [MinLength(1)]
    public string? Folder { get; set; }
}

[OptionsValidator]
internal sealed partial class SecretsOptionsValidator : IValidateOptions<SecretsOptions>;

internal static class Secrets
{
    private const string Section = "Failback:Secrets";
    private const string FolderKey = Section + ":Folder";

    public static void AddSecrets(this WebApplicationBuilder builder)
    {
        builder.Services.AddFailbackOptions<SecretsOptions, SecretsOptionsValidator>(Section);
        builder.Services.AddConfigurationCheck(Problem);
        if (builder.Configuration[FolderKey] is { } folder && IsFolder(folder))
            builder.Configuration.AddKeyPerFile(folder, optional: false, reloadOnChange: false);
    }

    private static IEnumerable<string> Problem(IConfiguration configuration) =>
        configuration[FolderKey] is { Length: > 0 } folder && !IsFolder(folder)
            ? [$"{FolderKey}: must be the absolute path of a folder that this process can read"]
            : [];

    /// <summary>A relative path would depend on where the process was started.</summary>
    private static bool IsFolder(string path) => Path.IsPathFullyQualified(path) && Directory.Exists(path);
}
