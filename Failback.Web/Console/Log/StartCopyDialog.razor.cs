using Failback.Messages;
using Failback.Saga;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace Failback.Web;

/// <summary>Start material copy (R46-R48): the first unfinished copy of the recorder is chosen already.</summary>
public partial class StartCopyDialog : IDisposable
{
    /// <summary>Entries of a recorder that are looked through, in pages of this.</summary>
    private const int Entries = 200;
    private readonly CancellationTokenSource _gone = new();
    private IReadOnlyList<LogRow>? _rows;
    private Guid? _entry;
    private PeriodOrder _order = PeriodOrder.OldestFirst;
    private Guid _key = Guid.NewGuid();
    private Answer? _answer;
    private MudButton? _close;
    private bool _asking;

    [CascadingParameter]
    private IMudDialogInstance Dialog { get; set; } = null!;

    [Inject]
    internal IRead Read { get; set; } = null!;

    [Inject]
    internal ConsoleRequests Requests { get; set; } = null!;

    [Parameter, EditorRequired]
    public required string RecorderId { get; set; }

    [Parameter]
    public string? RecorderName { get; set; }

    private IEnumerable<(PeriodOrder Order, string Word)> Orders =>
        [
            (PeriodOrder.OldestFirst, Words.Start.OldestFirst),
            (PeriodOrder.NewestFirst, Words.Start.NewestFirst),
            (PeriodOrder.EvidenceFirst, Words.Start.EvidenceFirst),
        ];

    protected override async Task OnInitializedAsync()
    {
        try
        {
            var page = await Read.LogPageAsync(
                new LogQuery
                {
                    RecorderId = RecorderId,
                    Finalised = false,
                    Limit = Entries,
                },
                _gone.Token
            );
            _rows = EntryActions.Unfinished(page.Rows.Where(x => x.Entry.FailedRecorderId == RecorderId), Viewer.May);
            _entry = _rows.Count > 0 ? _rows[0].Entry.EntryId : null;
        }
        catch (Exception) when (!_gone.IsCancellationRequested)
        {
            _answer = new(false, Words.Frame.Trouble.What, Words.Actions.NotAsked);
        }
    }

    private async Task StartAsync()
    {
        if (_entry is not { } entry)
            return;
        _asking = true;
        var request = new StartDataCopy
        {
            RequestId = _key,
            EntryId = entry,
            RequestedBy = Viewer.Asker.Name,
            Roles = Viewer.Asker.Roles,
            Order = _order,
        };
        _answer = await Requests.AskAsync(Words.Start.CopyTitle, request, _key, _gone.Token);
        _asking = false;
        if (_answer.Done && _close is not null)
            await _close.FocusAsync();
        if (!_answer.Done)
            _key = Guid.NewGuid();
    }

    public void Dispose()
    {
        _gone.Cancel();
        GC.SuppressFinalize(this);
    }
}
