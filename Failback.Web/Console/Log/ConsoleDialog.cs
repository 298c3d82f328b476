using Failback.Saga;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Logging;
using Microsoft.JSInterop;
using MudBlazor;

namespace Failback.Web;

/// <summary>A dialog in which something is asked for. It closes when the right to that is taken away; closing it takes nothing back.</summary>
public abstract partial class ConsoleDialog : ConsoleComponent, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _gone = new();

    [CascadingParameter]
    private protected IMudDialogInstance Dialog { get; set; } = null!;

    [Inject]
    internal ConsoleRequests Requests { get; set; } = null!;

    [Inject]
    internal ILogger<ConsoleDialog> Logger { get; set; } = null!;

    /// <summary>What whoever has the dialog must be allowed to, beside reading the log.</summary>
    private protected abstract string Right { get; }

    /// <summary>Where the focus goes when the button that was pressed is not there any more.</summary>
    private protected MudButton? CloseButton { get; set; }
    internal Answer? Answer { get; private protected set; }

    /// <summary>It was confirmed, and the door has not taken it yet.</summary>
    private protected bool IsAsking { get; private set; }

    /// <summary>Why the last look failed; null when it did not.</summary>
    internal Said? Trouble { get; private set; }

    /// <summary>Of the look that failed first: the log has it.</summary>
    internal string? TraceId { get; private set; }
    private protected bool MayBeHere => Viewer.May(Right) && Viewer.May(AskRights.ReadLog);
    private protected CancellationToken Gone => _gone.Token;

    protected override void OnInitialized() => Viewer.Moved += OnMoved;

    /// <summary>Looks each second while it is wanted; not when somebody may not any more.</summary>
    private protected async Task LookAsync(Func<Task> look, Func<bool> isWanted)
    {
        try
        {
            while (isWanted() && CloseUnlessAllowed())
            {
                await TryAsync(look, isAway => isAway ? Words.Frame.Trouble : Words.Frame.Unread);
                StateHasChanged();
                await Task.Delay(Pause, Viewer.Time, _gone.Token);
            }
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            // Closed.
        }
    }

    /// <param name="says">Why it failed, in words; whether the database did not answer.</param>
    private protected async Task TryAsync(Func<Task> look, Func<bool, Said> says)
    {
        using var trace = WebTrace.Begin(GetType().Name);
        try
        {
            await look();
            (Trouble, TraceId) = (null, null);
        }
        catch (Exception fault) when (!_gone.IsCancellationRequested)
        {
            if (Trouble is null)
            {
                TraceId = WebTrace.Of(trace);
                LogNotSeen(Logger, GetType().Name, TraceId, fault);
            }
            Trouble = says(ConsoleRequests.IsAway(fault));
        }
    }

    private protected async Task AskAsync(string what, object request)
    {
        if (IsAsking)
            return;
        (IsAsking, Answer) = (true, null);
        // Asked first: a browser that goes away while the focus is moved takes nothing with it.
        var asking = Requests.AskAsync(what, request, Show);
        await FocusAsync();
        Show(await asking);
    }

    private void Show(Answer answer)
    {
        (IsAsking, Answer) = (false, answer);
        if (!_gone.IsCancellationRequested)
            StateHasChanged();
        else if (answer is not { Pending: true } || answer.Detail != Words.Actions.Asked)
            Requests.Tell(answer);
    }

    /// <summary>Who uses the keyboard stays in the dialog.</summary>
    private async Task FocusAsync()
    {
        try
        {
            if (CloseButton is not null)
                await CloseButton.FocusAsync();
        }
        catch (Exception gone) when (gone is JSException or JSDisconnectedException or OperationCanceledException)
        {
            // The browser is away.
        }
    }

    private bool CloseUnlessAllowed()
    {
        if (MayBeHere)
            return true;
        Dialog.Close();
        return false;
    }

    private void OnMoved() =>
        _ = InvokeAsync(() =>
        {
            if (!_gone.IsCancellationRequested && CloseUnlessAllowed())
                StateHasChanged();
        });

    public void Dispose()
    {
        Viewer.Moved -= OnMoved;
        _gone.Cancel();
        GC.SuppressFinalize(this);
    }

    [LoggerMessage(6404, LogLevel.Warning, "{Dialog} could not look how things are (trace {TraceId})")]
    private static partial void LogNotSeen(ILogger logger, string dialog, string traceId, Exception exception);
}
