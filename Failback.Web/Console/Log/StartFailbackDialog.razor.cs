using Failback.Messages;
using Failback.Saga;
using Microsoft.AspNetCore.Components;

namespace Failback.Web;

/// <summary>Start failback (R44, R45): what it would be checked for, what recorders say, what would come home; then how it goes, to its end.</summary>
public partial class StartFailbackDialog
{
    private LogRow? _row;
    private IReadOnlyList<CheckView>? _checks;
    private LogEntryView? _ended;

    /// <summary>The attempt that was the last one before this start; null while nothing was asked for.</summary>
    private int? _before;

    /// <summary>The dry run says that it would fail, or another machine answers (R42).</summary>
    private bool _isRefused;

    /// <summary>The address that the person looked at when it was confirmed (R42); null while none is.</summary>
    private string? _confirmed;

    [Inject]
    internal IRead Read { get; set; } = null!;

    [Parameter, EditorRequired]
    public Guid EntryId { get; set; }

    private protected override string Right => AskRights.StartFailback;
    private LogEntryView? Entry => _row?.Entry;
    private bool IsStarted => _before is not null;

    /// <summary>Another change of the address takes it back.</summary>
    private bool IsConfirmed => _confirmed is not null && _confirmed == _row?.AddressChange?.Now;
    private bool MayConfirm => !IsAsking && !_isRefused && _checks is { Count: > 0 } && _checks.All(MayPass);

    /// <summary>Nothing is said to run before the saga accepted it.</summary>
    private (string Stage, string Word) Stage =>
        Answer switch
        {
            { Accepted: true } => ("running", Words.Start.Running),
            { Pending: true } => ("asked", Words.Actions.Asked),
            _ => ("asking", Words.Actions.Sending),
        };

    protected override Task OnInitializedAsync() => LookAsync(LookOnceAsync, () => _ended is null);

    /// <summary>Checks may change while a person reads; once it was started, the entry says how it goes.</summary>
    private async Task LookOnceAsync()
    {
        // Before the row is read: an end that was there when it was accepted is of an earlier attempt.
        var accepted = IsStarted && Answer is { Accepted: true };
        _row = await Read.LogRowAsync(EntryId, Gone);
        if (!IsStarted)
            _checks = await Read.ChecksAsync(EntryId, Viewer.Asker, Gone);
        else if (accepted && Entry is { Failback: "Succeeded" or "Failed" } entry && entry.Attempt > _before)
            _ended = entry;
    }

    private bool MayPass(CheckView check) => check.Passed || (check.Reason == FailbackReason.AddressChanged && IsConfirmed);

    private async Task StartAsync()
    {
        if (Entry is not { } entry || !MayConfirm)
            return;
        _before = entry.Attempt;
        await AskAsync(
            Words.Start.Title,
            new ManualFailbackRequested
            {
                RequestId = default,
                FailedRecorderId = entry.FailedRecorderId,
                EntryId = entry.EntryId,
                RequestedBy = Viewer.Asker.Name,
                Roles = [],
                ConfirmedAddress = IsConfirmed ? _confirmed : null,
            }
        );
        // What was refused, or nobody knows of, may be asked for after what is done about it.
        if (Answer is not { Done: true })
            _before = null;
    }

    private void OnSeen(bool isRefused) => _isRefused = isRefused;
}
