using Failback.Messages;
using Failback.Saga;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace Failback.Web;

/// <summary>What a person may do with an entry now (R44, R48). What cannot be undone in a moment is asked about first.</summary>
public partial class EntryButtons
{
    private static readonly DialogOptions Wide = new()
    {
        MaxWidth = MaxWidth.Medium,
        FullWidth = true,
        CloseOnEscapeKey = true,
        BackdropClick = false,
    };
    private static readonly DialogOptions Narrow = Wide with { MaxWidth = MaxWidth.Small };

    /// <summary>A second click within this is the same click.</summary>
    private static readonly TimeSpan DoubleClick = TimeSpan.FromSeconds(1);
    private (EntryAction Action, long At)? _clicked;
    private bool _asking;

    [Parameter, EditorRequired]
    public required LogRow Row { get; set; }

    private (string Word, string Icon, bool Strong) Look(EntryAction action) =>
        action switch
        {
            EntryAction.StartFailback => (Words.Actions.StartFailback, Icons.Material.Rounded.SettingsBackupRestore, true),
            EntryAction.RetryFailback => (Words.Actions.RetryFailback, Icons.Material.Rounded.Replay, true),
            EntryAction.CancelFailback => (Words.Actions.CancelFailback, Icons.Material.Rounded.Close, false),
            EntryAction.StartCopy => (Words.Actions.StartCopy, Icons.Material.Rounded.DownloadForOffline, true),
            EntryAction.PauseCopy => (Words.Actions.PauseCopy, Icons.Material.Rounded.Pause, false),
            EntryAction.ResumeCopy => (Words.Actions.ResumeCopy, Icons.Material.Rounded.PlayArrow, true),
            EntryAction.RetryCopy => (Words.Actions.RetryCopy, Icons.Material.Rounded.Replay, true),
            EntryAction.FetchNow => (Words.Actions.FetchNow, Icons.Material.Rounded.Bolt, false),
            _ => (Words.Actions.CancelCopy, Icons.Material.Rounded.Close, false),
        };

    private async Task DoAsync(EntryAction action)
    {
        if (_asking || (_clicked is { } last && last.Action == action && Viewer.Time.GetElapsedTime(last.At) < DoubleClick))
            return;
        _clicked = (action, Viewer.Time.GetTimestamp());
        switch (action)
        {
            case EntryAction.StartFailback or EntryAction.RetryFailback:
                await Dialogs.ShowAsync<StartFailbackDialog>(null, new DialogParameters { ["EntryId"] = Row.Entry.EntryId }, Wide);
                break;
            case EntryAction.StartCopy:
                await Dialogs.ShowAsync<StartCopyDialog>(
                    null,
                    new DialogParameters { ["RecorderId"] = Row.Entry.FailedRecorderId, ["RecorderName"] = Row.FailedRecorderName },
                    Narrow
                );
                break;
            case EntryAction.CancelFailback or EntryAction.CancelCopy when !await IsSureAsync(action):
                break;
            default:
                await AskAsync(action);
                break;
        }
    }

    private async Task<bool> IsSureAsync(EntryAction action)
    {
        var parameters = new DialogParameters
        {
            ["Title"] = Look(action).Word,
            ["Text"] = action == EntryAction.CancelFailback ? Words.Actions.CancelFailbackAsk : Words.Actions.CancelCopyAsk,
        };
        var dialog = await Dialogs.ShowAsync<ConfirmDialog>(null, parameters, Narrow);
        return await dialog.Result is { Canceled: false };
    }

    private Task AskAsync(EntryAction action)
    {
        _asking = true;
        return Requests.AskAndTellAsync(Look(action).Word, Message(action), Free);
    }

    private void Free()
    {
        _asking = false;
        StateHasChanged();
    }

    private object Message(EntryAction action)
    {
        // Rights are the door's to look at; a wish is the same whatever roles somebody has meanwhile.
        var (by, roles) = (Viewer.Asker.Name, (IReadOnlyList<string>)[]);
        var copy = Row.Copy?.MaterialCopyId ?? default;
        return action switch
        {
            EntryAction.CancelFailback => new CancelFailback
            {
                RequestId = default,
                FailedRecorderId = Row.Entry.FailedRecorderId,
                RequestedBy = by,
                Roles = roles,
            },
            EntryAction.PauseCopy => new PauseMaterialCopy
            {
                RequestId = default,
                MaterialCopyId = copy,
                RequestedBy = by,
                Roles = roles,
            },
            EntryAction.CancelCopy => new CancelMaterialCopy
            {
                RequestId = default,
                MaterialCopyId = copy,
                RequestedBy = by,
                Roles = roles,
            },
            EntryAction.RetryCopy when EntryActions.IsDoubted(Row) || !Viewer.May(AskRights.ControlCopy) => new StartDataCopy
            {
                RequestId = default,
                EntryId = Row.Entry.EntryId,
                RequestedBy = by,
                Roles = roles,
            },
            _ => new ResumeMaterialCopy
            {
                RequestId = default,
                MaterialCopyId = copy,
                RequestedBy = by,
                Roles = roles,
            },
        };
    }
}
