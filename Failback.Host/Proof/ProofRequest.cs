using Failback.Messages;
using Failback.Saga;
using Failback.Worker;

namespace Failback.Host;

/// <summary>What has to be home of an entry: its own period, and those of the entries that were closed with it (D6).</summary>
internal static class ProofRequest
{
    private const int PageOfRecorders = 1_000;

    /// <summary>Recorders of a directory that are looked through: more are not believed.</summary>
    private const int MostPages = 100;

    /// <returns>The request, or why there is none.</returns>
    public static async Task<(CoverageRequest? Request, string WhyNot)> OfAsync(IRead read, Guid entryId, CancellationToken token)
    {
        if (await read.EntryAsync(entryId, token) is not { } entry)
            return (null, "there is no such entry in the failover log");
        var periods = await read.PeriodsAsync(entryId, token);
        if (periods.Count == 0)
            return (null, $"its failback has not succeeded ({entry.Failback}): nothing has to be home yet");
        var addresses = await AddressesAsync(read, token);
        if (
            periods.Select(x => x.FailoverServerId).Prepend(entry.FailedRecorderId).FirstOrDefault(x => !addresses.ContainsKey(x)) is
            { } unknown
        )
            return (null, $"the directory does not know {unknown}");
        var copy = await read.MaterialCopyAsync(entry.InheritedBy ?? entryId, token);
        var counted = (copy?.ChannelCopies ?? [])
            .Select(x => new CountedTrack
            {
                EntryId = x.EntryId,
                SourceRecorderId = x.SourceRecorderId,
                Kind = x.Kind,
                TrackId = x.Channel,
                Items = x.Counted,
            })
            .ToList();
        var request = new CoverageRequest(
            entryId,
            Address(entry.FailedRecorderId, addresses),
            [
                .. periods.Select(x => new CopySource
                {
                    EntryId = x.EntryId,
                    Source = Address(x.FailoverServerId, addresses),
                    OriginRecorderId = x.OriginRecorderId,
                    From = x.From,
                    To = x.To,
                }),
            ],
            counted
        );
        return (request, "");
    }

    private static async Task<Dictionary<string, string>> AddressesAsync(IRead read, CancellationToken token)
    {
        var addresses = new Dictionary<string, string>(StringComparer.Ordinal);
        string? after = null;
        for (var page = 0; page < MostPages; page++)
        {
            var some = await read.RecordersAsync(after, PageOfRecorders, token);
            foreach (var recorder in some)
                addresses[recorder.RecorderId] = recorder.Address;
            if (some.Count < PageOfRecorders)
                break;
            after = some[^1].RecorderId;
        }
        return addresses;
    }

    private static RecorderAddress Address(string id, Dictionary<string, string> addresses) =>
        new() { RecorderId = id, Address = addresses[id] };
}
