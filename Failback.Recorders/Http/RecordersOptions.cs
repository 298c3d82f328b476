using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace Failback.Recorders;

/// <summary>How recorders are reached, section <c>Failback:Recorders</c>; a wrong value stops the host at start and is named.</summary>
public sealed class RecordersOptions
{
    /// <summary>Seconds without a byte after which a recorder has stalled: for the connection, for headers, and for each read and write.</summary>
    [Range(1, 600)]
    public int StallSeconds { get; set; } = 10;

    /// <summary>Connections to one recorder at once.</summary>
    [Range(1, 64)]
    public int ConnectionsPerRecorder { get; set; } = 8;

    /// <summary>JSON file of recorder id and secret; none when recorders have no secrets.</summary>
    public string? SecretsFile { get; set; }

    /// <summary>Networks that recorders may be in, as CIDR; loopback and private ones when none is given.</summary>
    public IList<string> AllowedNetworks { get; } = [];
}

/// <summary>Names every wrong key.</summary>
public sealed class RecordersOptionsValidator : IValidateOptions<RecordersOptions>
{
    public ValidateOptionsResult Validate(string? name, RecordersOptions options)
    {
        var wrong = new List<string>();
        if (options.StallSeconds is < 1 or > 600)
            wrong.Add($"{nameof(options.StallSeconds)}: 1 to 600");
        if (options.ConnectionsPerRecorder is < 1 or > 64)
            wrong.Add($"{nameof(options.ConnectionsPerRecorder)}: 1 to 64");
        if (options.SecretsFile is { } path && RecorderCredentials.WhyWrong(path) is { } why)
            wrong.Add($"{nameof(options.SecretsFile)}: {why}");
        for (var i = 0; i < options.AllowedNetworks.Count; i++)
            if (!IPNetwork.TryParse(options.AllowedNetworks[i], out _))
                wrong.Add($"{nameof(options.AllowedNetworks)}:{i}: a network as 10.0.0.0/8");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}
