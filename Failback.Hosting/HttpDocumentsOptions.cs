using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Failback.Hosting;

/// <summary>How a worker of its own reaches the documents that Saga keeps, section <c>Failback:Documents</c>.</summary>
public sealed class HttpDocumentsOptions
{
    /// <summary>Where Saga answers, an absolute http or https address such as <c>http://127.0.0.1:5101</c>.</summary>
    [Required]
    public Uri? Address { get; set; }

    /// <summary>File whose only line is the bearer secret, the same as Saga's; 16 to 4,096 characters. Read again for every request.</summary>
    [Required]
    public string? SecretFile { get; set; }

    /// <summary>Tries of one request, the first included, when Saga is away or busy (D9).</summary>
    [Range(1, 10)]
    public int Tries { get; set; } = 4;

    /// <summary>Milliseconds before the second try; doubled for each further one, with jitter (D9).</summary>
    [Range(1, 10_000)]
    public int FirstRetryMilliseconds { get; set; } = 500;

    /// <summary>Seconds that one try may take, 32 MiB included.</summary>
    [Range(1, 300)]
    public int TrySeconds { get; set; } = 60;
}

[OptionsValidator]
internal sealed partial class HttpDocumentsRanges : IValidateOptions<HttpDocumentsOptions>;

/// <summary>What a range cannot say: the scheme, and that there is a secret to read.</summary>
internal sealed class HttpDocumentsValidator : IValidateOptions<HttpDocumentsOptions>
{
    private readonly HttpDocumentsRanges _ranges = new();

    public ValidateOptionsResult Validate(string? name, HttpDocumentsOptions options)
    {
        var wrong = new List<string>(_ranges.Validate(name, options).Failures ?? []);
        if (options.Address is { } address && (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https")))
            wrong.Add("Address: must be an absolute http:// or https:// address");
        if (options.SecretFile is { Length: > 0 } file && SecretFile.Problem(file) is { } problem)
            wrong.Add($"SecretFile: {problem}");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}
