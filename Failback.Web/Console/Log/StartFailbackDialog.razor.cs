using Failback.Messages;
using Failback.Saga;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace Failback.Web;

/// <summary>Start failback (R44, R45): what it would be checked for, what recorders say, what would come home; then how it goes, to its end.</summary>
public partial class StartFailbackDialog : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _gone = new();

    /// <summary>One key a dialog: a second click asks for nothing new.</summary>
    private Guid _key = Guid.NewGuid();
    private LogRow? _row;
    private IReadOnlyList<CheckView>? _checks;
    private Answer? _answer;
    private LogEntryView? _ended;
    private MudButton? _close;
    private bool _away;
    private bool _asking;
    private bool _started;

    [CascadingParameter]
    private IMudDialogInstance Dialog { get; set; } = null!;

    [Inject]
    internal IRead Read { get; set; } = null!;

    [Inject]
    internal ConsoleRequests Requests { get; set; } = null!;

    [Parameter, EditorRequired]
    public Guid EntryId { get; set; }

    private LogEntryView? Entry => _row?.Entry;
    private bool MayConfirm => !_asking && _checks is { Count: > 0 } && _checks.All(x => x.Passed);

    protected override async Task OnInitializedAsync()
    {
        try
        {
            while (_ended is null)
            {
                await LookAsync();
                StateHasChanged();
                await Task.Delay(Look, Viewer.Time, _gone.Token);
            }
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            // Closed.
        }
    }

    /// <summary>Checks may change while a person reads; once it was started, the entry says how it goes.</summary>
    private async Task LookAsync()
    {
        try
        {
            _row = await Read.LogRowAsync(EntryId, _gone.Token);
            if (!_started)
                _checks = await Read.ChecksAsync(EntryId, Viewer.Asker, _gone.Token);
            else if (_answer is { Done: true } && Entry is { Failback: "Succeeded" or "Failed" } entry)
                _ended = entry;
            _away = false;
        }
        catch (Exception) when (!_gone.IsCancellationRequested)
        {
            _away = true;
        }
    }

    private async Task StartAsync()
    {
        if (Entry is not { } entry)
            return;
        (_asking, _started, _answer) = (true, true, null);
        // The button that was pressed goes away; who uses the keyboard stays in the dialog.
        if (_close is not null)
            await _close.FocusAsync();
        var request = new ManualFailbackRequested
        {
            RequestId = _key,
            FailedRecorderId = entry.FailedRecorderId,
            EntryId = entry.EntryId,
            RequestedBy = Viewer.Asker.Name,
            Roles = Viewer.Asker.Roles,
        };
        _answer = await Requests.AskAsync(Words.Start.Title, request, _key, _gone.Token);
        _asking = false;
        if (_answer.Done)
            return;
        // Refused: what is done about it may be asked for anew.
        (_started, _key) = (false, Guid.NewGuid());
    }

    public void Dispose()
    {
        _gone.Cancel();
        GC.SuppressFinalize(this);
    }
}
