namespace Failback.Saga;

/// <summary>
/// A part of the reconciler (DESIGN: the database is the truth): what the rows say should be asked again. Pure but for its reads;
/// run every 15 s, and at start with <c>starting</c> true, when embedded, because the in-memory bus forgot everything.
/// </summary>
internal interface IReconciled
{
    /// <summary>Effects that ask again for what is unanswered at <paramref name="now"/> (UTC); at most 500 rows a run.</summary>
    Task<IReadOnlyList<Effect>> DueAsync(IFailbackStore store, DateTime now, bool starting, CancellationToken token);
}
