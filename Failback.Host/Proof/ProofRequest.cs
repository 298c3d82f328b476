using Failback.Messages;
using Failback.Saga;
using Failback.Worker;

namespace Failback.Host;

/// <summary>What has to be home of an entry: its own period, and those of the entries that were closed with it (D6).</summary>
/// <param name="PlannedItems">As the plan of the material copy counted them; 0 when there was none.</param>
internal sealed record ProofRequest(CoverageRequest Request, long PlannedItems)
{
    private const int PageOfRecorders = 1_000;

    /// <summary>Recorders of a directory that are looked through: more are not believed.</summary>
    private const int MostPages = 100;

    /// <returns>Null when there is no such entry, or the directory does not know its recorders.</returns>
    public static async Task<ProofRequest?> OfAsync(IRead read, Guid entryId, CancellationToken token)
    {
        if (await read.EntryAsync(entryId, token) is not { } entry)
            return null;
        var copy = await read.MaterialCopyAsync(entry.InheritedBy ?? entryId, token);
        var channels = (copy?.ChannelCopies ?? []).Where(x => entry.InheritedBy is null || x.EntryId == entryId).ToList();
        var addresses = await AddressesAsync(read, token);
        var periods = channels
            .GroupBy(x => (x.EntryId, x.SourceRecorderId))
            .Select(x => (x.Key.EntryId, x.Key.SourceRecorderId, From: x.Min(y => y.From), To: x.Max(y => y.To)))
            .ToList();
        if (periods.Count == 0 && entry.FailbackEndedAt is { } ended)
            periods.Add((entryId, entry.FailoverServerId, entry.FailoverStartedAt, ended));
        if (periods.Count == 0 || !addresses.TryGetValue(entry.FailedRecorderId, out var recorder))
            return null;
        if (periods.Any(x => !addresses.ContainsKey(x.SourceRecorderId)))
            return null;
        return new ProofRequest(
            new CoverageRequest(
                entryId,
                Address(entry.FailedRecorderId, recorder),
                [
                    .. periods.Select(x => new CopySource
                    {
                        EntryId = x.EntryId,
                        Source = Address(x.SourceRecorderId, addresses[x.SourceRecorderId]),
                        OriginRecorderId = entry.FailedRecorderId,
                        From = x.From,
                        To = x.To,
                    }),
                ]
            ),
            channels.Sum(x => x.PlannedItems)
        );
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

    private static RecorderAddress Address(string id, string address) => new() { RecorderId = id, Address = address };
}
