namespace Failback.Saga;

/// <summary>Reads what the copies of recorders may take now.</summary>
internal static class CopyBudgets
{
    public static async Task<IReadOnlyDictionary<string, CopyBudget>> BudgetsAsync(
        this IFailbackRows store,
        IEnumerable<string> recorderIds,
        CopyOptions options,
        CancellationToken token
    )
    {
        var ids = recorderIds.Distinct().ToList();
        if (ids.Count == 0)
            return new Dictionary<string, CopyBudget>();
        var limits = await store.CopyLimitsAsync([CopyLimits.Site, .. ids], token);
        var ofSite = limits.FirstOrDefault(x => x.RecorderId == CopyLimits.Site)?.MaxBytesPerSecond ?? options.MaxSiteBytesPerSecond;
        var copying = ofSite is null ? [] : await store.CopyingAsync(token);
        return ids.ToDictionary(x => x, x => new CopyBudget(options, limits, x, copying.Count(y => y != x)));
    }
}
