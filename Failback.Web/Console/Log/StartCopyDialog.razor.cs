using Failback.Messages;
using Failback.Saga;
using Microsoft.AspNetCore.Components;

namespace Failback.Web;

/// <summary>Start material copy (R46-R48): the first unfinished copy of the recorder is chosen already.</summary>
public partial class StartCopyDialog
{
    /// <summary>Entries of a recorder that are looked through, in pages of this.</summary>
    private const int Entries = 200;
    private IReadOnlyList<LogRow>? _rows;
    private Guid? _entry;
    private PeriodOrder _order = PeriodOrder.OldestFirst;

    [Inject]
    internal IRead Read { get; set; } = null!;

    [Parameter, EditorRequired]
    public required string RecorderId { get; set; }

    [Parameter]
    public string? RecorderName { get; set; }

    private protected override string Right => AskRights.StartCopy;

    private IEnumerable<(PeriodOrder Order, string Word)> Orders =>
        [
            (PeriodOrder.OldestFirst, Words.Start.OldestFirst),
            (PeriodOrder.NewestFirst, Words.Start.NewestFirst),
            (PeriodOrder.EvidenceFirst, Words.Start.EvidenceFirst),
        ];

    protected override Task OnInitializedAsync() => LookAsync(LookOnceAsync, () => _rows is null);

    private async Task LookOnceAsync()
    {
        var query = new LogQuery
        {
            RecorderId = RecorderId,
            Finalised = false,
            Limit = Entries,
        };
        var page = await Read.LogPageAsync(query, Gone);
        var rows = EntryActions.Unfinished(page.Rows.Where(x => x.Entry.FailedRecorderId == RecorderId), Viewer.May);
        (_rows, _entry) = (rows, rows.Count > 0 ? rows[0].Entry.EntryId : null);
    }

    private Task StartAsync() =>
        _entry is not { } entry
            ? Task.CompletedTask
            : AskAsync(
                Words.Start.CopyTitle,
                new StartDataCopy
                {
                    RequestId = default,
                    EntryId = entry,
                    RequestedBy = Viewer.Asker.Name,
                    Roles = [],
                    Order = _order,
                }
            );
}
