namespace Failback.Saga;

/// <summary>Material copies in numbers: added up from their channel copies, with their places in the queue (R31).</summary>
internal static class CopySummaries
{
    /// <summary>Copies at once that places are counted among.</summary>
    public const int MostOpen = 2_000;
    private static readonly CopySums None = new(Guid.Empty, 0, 0, 0, 0, 0, 0, 0, 0, 0, false);

    /// <summary>Two statements, however many copies.</summary>
    public static async Task<IReadOnlyList<CopySummary>> SummariesAsync(
        this ILook look,
        IReadOnlyList<MaterialCopyState> copies,
        CancellationToken token
    )
    {
        var recorders = copies.Select(x => x.RecorderId).Distinct().ToList();
        return await look.SummariesAsync(copies, await look.OpenCopiesAsync(recorders, MostOpen, token), token);
    }

    /// <summary>One statement.</summary>
    /// <param name="open">Those that did not end of the recorders of <paramref name="copies"/>, in the order of their turns up to a limit.</param>
    public static async Task<IReadOnlyList<CopySummary>> SummariesAsync(
        this ILook look,
        IReadOnlyList<MaterialCopyState> copies,
        IReadOnlyList<MaterialCopyState> open,
        CancellationToken token
    )
    {
        var sums = (await look.SumsAsync([.. copies.Select(x => x.CorrelationId)], token)).ToDictionary(x => x.MaterialCopyId);
        var queues = open.GroupBy(x => x.RecorderId).ToDictionary(x => x.Key, x => x.ToList());
        var places = queues
            .Values.SelectMany(x => CopyQueue.InOrder(x).Select((y, i) => (y.CorrelationId, Place: i + 1)))
            .ToDictionary(x => x.CorrelationId, x => x.Place);
        return
        [
            .. copies.Select(x =>
                Summary(x, sums.GetValueOrDefault(x.CorrelationId, None), CopyStates.Open.Contains(x.CurrentState) ? PlaceOf(x) : null)
            ),
        ];

        int PlaceOf(MaterialCopyState copy) =>
            places.TryGetValue(copy.CorrelationId, out var place) ? place : (queues.GetValueOrDefault(copy.RecorderId)?.Count ?? 0) + 1;
    }

    private static CopySummary Summary(MaterialCopyState x, CopySums sums, int? place) =>
        new(
            x.CorrelationId,
            x.EntryId,
            x.RecorderId,
            x.CurrentState,
            x.CreatedAt.ToWire(),
            x.StartedAt?.ToWire(),
            x.EndedAt?.ToWire(),
            place,
            x.WaitingFor,
            x.ClosedUntil?.ToWire(),
            x.Failure,
            x.Detail,
            sums.ChannelCopies,
            sums.Done,
            sums.Items,
            sums.ItemsDone,
            sums.Bytes,
            sums.BytesDone,
            sums.BytesCopied,
            sums.ItemsMissing,
            sums.Conflicts,
            sums.Doubted
        );
}
