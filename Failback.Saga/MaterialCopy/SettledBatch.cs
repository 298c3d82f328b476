using Failback.Messages;
using Microsoft.Extensions.Logging;

namespace Failback.Saga;

/// <summary>Pure: what a batch of answers makes of the locked rows, and what follows from it.</summary>
internal sealed class SettledBatch(IReadOnlyList<MaterialCopyState> copies, IReadOnlyList<ChannelCopy> rows, CopyFacts facts)
{
    /// <summary>Progress is published when a channel copy passed another so many slices: decided by rows, so at most every few seconds.</summary>
    private const int SlicesAReport = 8;

    private readonly Dictionary<Guid, MaterialCopyState> _copies = copies.ToDictionary(x => x.CorrelationId);
    private readonly Dictionary<Guid, ChannelCopy> _before = rows.ToDictionary(x => x.ChannelCopyId);
    private readonly Dictionary<Guid, ChannelCopy> _rows = rows.ToDictionary(x => x.ChannelCopyId);
    private readonly List<(ChannelDataAnswered Answer, DataKind Kind, bool Stale)> _settled = [];
    private readonly HashSet<Guid> _machineLooks = [];
    private readonly List<Effect> _effects = [];

    /// <summary>Material copies whose progress is due to be told.</summary>
    public IReadOnlyList<MaterialCopyState> Progressed =>
        [
            .. _rows
                .Values.Where(x => x.SlicesSent / SlicesAReport != _before[x.ChannelCopyId].SlicesSent / SlicesAReport)
                .Select(x => x.MaterialCopyId)
                .Distinct()
                .Where(x => _copies.ContainsKey(x) && !_machineLooks.Contains(x))
                .Select(x => _copies[x]),
        ];

    /// <summary>Moves the row that the answer is about; hands out its next slices when the copy copies.</summary>
    public void Settle(ChannelDataAnswered answer)
    {
        if (!_rows.TryGetValue(answer.ChannelCopyId, out var row))
        {
            _settled.Add((answer, 0, true));
            return;
        }
        var moved = CopyProgress.Answered(row, answer, facts.Now, facts.Options);
        _settled.Add((answer, row.Kind, ReferenceEquals(moved, row)));
        if (ReferenceEquals(moved, row))
            return;
        if (_copies.TryGetValue(row.MaterialCopyId, out var copy) && copy.CurrentState == CopyStates.Copying)
        {
            // What is urgent, and what is outside of its hours, is decided about all channel copies together.
            var together = copy.Urgent.Count > 0 || !facts.Budget(copy.RecorderId).IsOpen(facts.Now);
            if (!together)
                moved = CopyRun.HandOut(copy, moved, facts, _effects);
            if (moved.HasEnded() || moved.IsWaiting())
                _machineLooks.Add(copy.CorrelationId);
            else if (together)
                _effects.Add(Look(copy, DerivedId.Of("together", row.ChannelCopyId, answer.SliceId), null));
            if (moved.NextTryAt is { } again && again != row.NextTryAt)
                _effects.Add(Look(copy, DerivedId.Of("retry", row.ChannelCopyId, answer.SliceId), again));
        }
        _rows[row.ChannelCopyId] = moved;
    }

    /// <summary>The machine looks, and tells nobody unless something changed its state.</summary>
    private static Publish Look(MaterialCopyState copy, Guid id, DateTime? at) =>
        new(new SliceOverdue { MaterialCopyId = copy.CorrelationId, Epoch = copy.Epoch }, id, at);

    public void Report(MaterialCopyState copy, IReadOnlyList<ChannelCopy> all)
    {
        var now = all.Select(x => _rows.GetValueOrDefault(x.ChannelCopyId, x)).ToList();
        _effects.Add(new Publish(CopyReports.Progressed(copy, now, facts.Now), facts.Id("ledger progressed", copy.CorrelationId)));
    }

    /// <summary>Rows, next slices, and a word to the machine where a channel copy ended or waits.</summary>
    public IReadOnlyList<Effect> Effects() =>
        [
            .. _rows.Values.Where(x => !ReferenceEquals(x, _before[x.ChannelCopyId])).Select(x => new Save(x)),
            .. _effects,
            .. _machineLooks.Select(x => new Publish(new ChannelCopiesSettled { MaterialCopyId = x }, facts.Id("settled", x))),
        ];

    /// <summary>After the commit: what was settled, by whom, and what is next.</summary>
    public void Log(ILogger logger)
    {
        foreach (var (answer, kind, stale) in _settled)
        {
            CopyTelemetry.Answered(kind, answer, stale);
            if (stale)
                CopyLog.SliceStale(logger, answer.SliceId, answer.Worker, answer.Epoch);
            else
                CopyLog.SliceAnswered(
                    logger,
                    answer.SliceId,
                    answer.ChannelCopyId,
                    answer.Worker,
                    answer.Epoch,
                    answer.Outcome,
                    answer.Reached,
                    answer.Failure
                );
        }
        CopyLog.SlicesSent(logger, _effects);
        foreach (
            var row in _rows.Values.Where(x =>
                x.HasEnded() && x.Status != ChannelCopyStatus.Succeeded && !_before[x.ChannelCopyId].HasEnded()
            )
        )
            CopyLog.ChannelNotWhole(
                logger,
                row.Kind,
                row.TrackId,
                row.MaterialCopyId,
                row.Status,
                row.Position,
                row.Failure,
                row.Conflicts,
                row.Missing.Count
            );
    }
}
