namespace Failback.Recorders;

/// <summary>
/// What a recorder is to Failback (the port; adapters implement it). Pull only: no recorder ever calls another unasked (R38, R39).
/// Every period is half open and UTC. Every call may be repeated: repeating changes nothing.
/// </summary>
/// <remarks>
/// A recorder's own trouble is a <see cref="RecorderException"/> with a <see cref="RecorderFault"/>;
/// cancellation is an <see cref="OperationCanceledException"/>; anything else is a defect of the adapter.
/// </remarks>
public interface IRecorder
{
    /// <summary>Identity, live role, whether it records, its clock, version and abilities.</summary>
    Task<RecorderStatus> GetStatusAsync(CancellationToken token);

    /// <summary>Settings, configuration files, masks and schedules as one document; null when it has none.</summary>
    Task<RecorderSettings?> GetSettingsAsync(CancellationToken token);

    /// <summary>
    /// Replaces the settings as a whole; idempotent by digest. Refused (StaleAttempt) is an attempt older than one it has seen, one for an
    /// earlier failover than one it has seen (<see cref="RestoreAttempt.FailoverStartedAt"/>; where that is not known of both: of an entry
    /// after which it saw another), and one that let it record before it failed again.
    /// </summary>
    /// <returns>The digest that the recorder computed of what it stored: the read back.</returns>
    Task<string> PutSettingsAsync(RecorderSettings settings, RestoreAttempt attempt, CancellationToken token);

    /// <summary>
    /// Take part as a recorder with the settings it has, and record. Returns once it records. Refused like settings.
    /// </summary>
    Task ActivateAsync(RestoreAttempt attempt, CancellationToken token);

    /// <summary>
    /// Become a failover server on standby again: stop recording, clear the borrowed settings, alarms included (R13). Material and holds
    /// stay. While it stands in for another entry than the attempt's, and when it was released for that entry before and was called again
    /// since, it is refused (StaleAttempt): a release that comes late, twice, or under a newer attempt must not end the recording of the
    /// next failover.
    /// </summary>
    Task ReleaseAsync(RestoreAttempt attempt, CancellationToken token);

    /// <summary>Video, audio and text channels and alarm ids of one origin recorder, and the kinds that it has material of.</summary>
    Task<IReadOnlyList<Channel>> ListChannelsAsync(string originRecorderId, CancellationToken token);

    /// <summary>One page of the items of a track that meet a period, by start then digest. Items straddling the period's ends are listed whole (D8).</summary>
    Task<ItemPage> ListItemsAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token);

    /// <summary>
    /// Sums up a period in buckets of equal length (<see cref="Buckets"/>): an item belongs to the bucket in which it starts, and one that
    /// started before the period to none. Without <see cref="RecorderFeatures.BucketDigests"/> it is refused (NotSupported).
    /// </summary>
    /// <param name="buckets">1 to <see cref="Limits.BucketsPerRequest"/>.</param>
    /// <returns>One sum a bucket, in their order.</returns>
    Task<IReadOnlyList<BucketDigest>> DigestItemsAsync(TrackPeriod period, int buckets, CancellationToken token) =>
        throw new RecorderException(RecorderFault.NotSupported, "it does not sum up what it has");

    /// <summary>Streams items in the order asked. An item that is gone is left out; a damaged one is delivered as it is: the digest tells.</summary>
    /// <param name="items">At most <see cref="Limits.ItemsPerRequest"/>, of one track.</param>
    IAsyncEnumerable<ItemContent> ReadItemsAsync(Track track, IReadOnlyList<ItemEntry> items, CancellationToken token);

    /// <summary>Puts items if absent by (track, start, digest). Durable when it returns; an interrupted write leaves no half item.</summary>
    /// <remarks>When the items themselves fail to come, those that arrived whole are kept and the failure is thrown on as it is.</remarks>
    /// <param name="items">At most <see cref="Limits.ItemsPerRequest"/> and <see cref="Limits.BytesPerRequest"/>.</param>
    /// <returns>One receipt for every item that arrived whole, in order.</returns>
    Task<IReadOnlyList<ItemReceipt>> WriteItemsAsync(Track track, IAsyncEnumerable<ItemContent> items, CancellationToken token);

    /// <summary>
    /// Issues a ticket with which another recorder may read these items, and nothing else, without this one's secret and for a short time
    /// (a minute is enough). Without <see cref="RecorderFeatures.Tickets"/> it is refused (NotSupported).
    /// </summary>
    /// <param name="items">As for a read.</param>
    /// <returns>1 to <see cref="Limits.TicketCharacters"/> visible ASCII characters.</returns>
    Task<string> IssueTicketAsync(Track track, IReadOnlyList<ItemEntry> items, CancellationToken token) =>
        throw new RecorderException(RecorderFault.NotSupported, "it issues no tickets");

    /// <summary>
    /// Fetches items from another recorder by itself and puts them as a write does, durable when it returns. Nothing is lost when it fails
    /// or brings only some: what came whole is kept, and the caller relays the rest. Without <see cref="RecorderFeatures.CopyFrom"/> it is
    /// refused (NotSupported), and so is an address that this recorder does not fetch from (BadAddress).
    /// </summary>
    /// <param name="items">As for a write, whole: they are kept with what they say about where they come from.</param>
    /// <returns>One receipt for every item that arrived whole, in order; what the source left out has none.</returns>
    Task<IReadOnlyList<ItemReceipt>> CopyFromAsync(
        ItemSource source,
        Track track,
        IReadOnlyList<ItemEntry> items,
        CancellationToken token
    ) => throw new RecorderException(RecorderFault.NotSupported, "it fetches nothing from other recorders");

    /// <summary>Recomputes digests of the items of a period from disk; the entries it can vouch for, paged (a page may be empty and not the last).</summary>
    Task<ItemPage> VerifyItemsAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token);

    /// <summary>
    /// One page of what was copied of a period (provenance), by start; the recorder's own recording is left out. A page may be empty and
    /// not the last. Without <see cref="RecorderFeatures.Provenance"/> it is refused (NotSupported).
    /// </summary>
    /// <param name="limit">1 to <see cref="Limits.SpansPerPage"/>.</param>
    Task<CopiedPage> ListCopiedAsync(TrackPeriod period, string? cursor, int limit, CancellationToken token) =>
        throw new RecorderException(RecorderFault.NotSupported, "it does not say where copies come from");

    /// <summary>Keeps a period of an origin recorder's material from retention until the hold is released; idempotent by hold id (D5).</summary>
    Task HoldAsync(Hold hold, CancellationToken token);

    /// <summary>Ends a hold; unknown holds are released already.</summary>
    Task ReleaseHoldAsync(Guid holdId, CancellationToken token);

    /// <summary>The holds in force.</summary>
    Task<IReadOnlyList<Hold>> ListHoldsAsync(CancellationToken token);
}

/// <summary>Opens recorders by address; the one thing that knows adapters and credentials.</summary>
public interface IRecorderRegistry
{
    /// <summary>A client for one recorder; credentials are resolved by id, never from the address.</summary>
    /// <exception cref="RecorderException">BadAddress: the address is malformed, of an unknown scheme, or not allowed.</exception>
    IRecorder Open(string recorderId, string address);
}
