using System.Collections.Concurrent;
using Failback.Messages;
using Failback.Saga;
using Microsoft.Extensions.Logging;
using MudBlazor;

namespace Failback.Web;

/// <summary>How a request stands, in words.</summary>
/// <param name="Done">The door took it, or the saga accepted it.</param>
/// <param name="Pending">The door took it, and the saga has not decided yet.</param>
/// <param name="Unknown">Nobody can say whether it arrived; asked for again it is the same request.</param>
internal sealed record Answer(bool Done, string Title, string? Detail = null, bool Pending = false, bool Unknown = false)
{
    /// <summary>Of a request that failed, for whoever reports it; null when it did not.</summary>
    public string? TraceId { get; init; }
    public bool Accepted => Done && !Pending;
}

/// <summary>
/// Asks the saga and looks until it has decided, so that a refusal is seen where it was asked (D14). A wish has one key until it is decided, so
/// that neither a lost answer nor a second click makes two requests of it (C3, E5). What was confirmed is asked for, whatever becomes of the page.
/// </summary>
internal sealed partial class ConsoleRequests(IAsk ask, Viewer viewer, ISnackbar snackbar, ILogger<ConsoleRequests> logger) : IDisposable
{
    private const int Tries = 4;

    /// <summary>Looks until people are told that it takes its time; the others are slower, about half an hour in all.</summary>
    private const int QuickLooks = 40;
    private const int Looks = 1_000;
    private const int MostWishes = 200;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongPause = TimeSpan.FromSeconds(2);

    /// <summary>Of one try.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private readonly ConcurrentDictionary<string, (object Wish, Guid Key)> _undecided = new();
    private readonly CancellationTokenSource _gone = new();

    /// <summary>Whether the database did not answer, as far as a fault can tell.</summary>
    public static bool IsAway(Exception? fault) =>
        fault is OperationCanceledException || (fault is not null && Problems.Of(fault).Kind == ProblemKind.Unavailable);

    /// <param name="what">The request in a person's words.</param>
    /// <param name="request">The message; who asks and the key are set by the door.</param>
    /// <param name="meanwhile">Told when the door took it, and once more when the decision takes its time.</param>
    /// <returns>Refused, accepted, or not known; still pending only after a long time.</returns>
    public async Task<Answer> AskAsync(string what, object request, Action<Answer> meanwhile)
    {
        var words = viewer.Words.Actions;
        var key = KeyOf(request);
        // Who asks is who pressed the button: a session that ends meanwhile makes nobody of them.
        var (asked, fault, trace) = await SendAsync(request, key, viewer.Asker);
        if (asked is null)
            return new(false, words.NotKnown(what), IsAway(fault) ? words.AwayWhenAsked : words.BrokenWhenAsked, Unknown: true)
            {
                TraceId = trace,
            };
        if (Refused(what, asked) is { } refused)
        {
            Settle(request, key);
            return refused;
        }
        meanwhile(new(true, what, words.Asked, Pending: true));
        for (var look = 0; look < Looks; look++)
        {
            if (await OutcomeAsync(key) is { } outcome)
            {
                Settle(request, key);
                return Decided(what, outcome);
            }
            if (look == QuickLooks)
                meanwhile(new(true, what, words.StillPending, Pending: true));
            await Task.Delay(look < QuickLooks ? Pause : LongPause, viewer.Time, _gone.Token);
        }
        return new(true, what, words.StillPending, Pending: true);
    }

    /// <summary>For a button without a place for the answer: how it ended is told all the same, even when the button is gone.</summary>
    /// <param name="free">What takes long does not keep the button.</param>
    public async Task AskAndTellAsync(string what, object request, Action free)
    {
        try
        {
            Tell(await AskAsync(what, request, Meanwhile));
        }
        finally
        {
            free();
        }

        void Meanwhile(Answer answer)
        {
            if (answer.Detail == viewer.Words.Actions.Asked)
                return;
            Tell(answer);
            free();
        }
    }

    /// <summary>What the door said at once; null when it took the request.</summary>
    public Answer? Refused(string what, Asked asked)
    {
        var words = viewer.Words.Actions;
        return asked.Outcome switch
        {
            AskOutcome.Accepted or AskOutcome.Repeated => null,
            AskOutcome.Forbidden => new(false, words.Refused(what), InWords(FailbackReason.Forbidden)),
            AskOutcome.NotFound => new(false, words.Refused(what), words.NotFound),
            AskOutcome.KeyReused => new(false, words.Refused(what), words.KeyReused),
            _ => new(false, words.Refused(what), words.Invalid(ShownName.Shortened(asked.Field), ShownName.Whole(asked.Allowed))),
        };
    }

    /// <summary>For what has no place of its own any more. What did not happen stays until somebody has seen it.</summary>
    public void Tell(Answer answer)
    {
        var text = answer.Detail is null ? answer.Title : $"{answer.Title}. {answer.Detail}";
        if (answer.TraceId is { } trace)
            text += $" {viewer.Words.Frame.Trace(trace)}";
        snackbar.Add(
            x =>
            {
                x.OpenElement(0, "span");
                x.AddAttribute(1, "role", answer.Done ? "status" : "alert");
                x.AddContent(2, text);
                x.CloseElement();
            },
            answer.Pending ? Severity.Info
                : answer.Done ? Severity.Success
                : answer.Unknown ? Severity.Warning
                : Severity.Error,
            x => x.RequireInteraction = !answer.Done,
            text
        );
    }

    public void Dispose() => _gone.Cancel();

    /// <summary>The circuit may end meanwhile, and the request does not. A lost answer does no harm: the key is the same.</summary>
    private async Task<(Asked? Asked, Exception? Fault, string TraceId)> SendAsync(object request, Guid key, Asker asker)
    {
        using var trace = WebTrace.Begin(request.GetType().Name);
        var id = WebTrace.Of(trace);
        for (var tried = 1; ; tried++)
        {
            try
            {
                using var limit = new CancellationTokenSource(Limit, viewer.Time);
                return (await ask.AskAsync(request, key, asker, limit.Token), null, id);
            }
            catch (Exception fault)
            {
                LogNotSent(logger, request.GetType().Name, key, id, fault);
                if (tried == Tries || !IsAway(fault))
                    return (null, fault, id);
            }
            await Task.Delay(Pause * tried, viewer.Time, CancellationToken.None);
        }
    }

    /// <summary>Null while it is not decided, or nobody can look.</summary>
    private async Task<string?> OutcomeAsync(Guid key)
    {
        try
        {
            return await ask.RequestAsync(key, _gone.Token) is { Outcome: not "Pending" } decided ? decided.Outcome : null;
        }
        catch (Exception) when (!_gone.IsCancellationRequested)
        {
            return null;
        }
    }

    private Guid KeyOf(object request)
    {
        var subject = SubjectOf(request);
        if (_undecided.TryGetValue(subject, out var last) && last.Wish.Equals(request))
            return last.Key;
        if (_undecided.Count >= MostWishes)
            _undecided.Clear();
        var key = Guid.NewGuid();
        _undecided[subject] = (request, key);
        return key;
    }

    private void Settle(object request, Guid key) => _undecided.TryRemove(new(SubjectOf(request), (request, key)));

    /// <summary>Of one thing the last wish counts: who pauses, resumes and pauses again wants the second pause too.</summary>
    private static string SubjectOf(object request) =>
        request switch
        {
            ManualFailbackRequested x => $"failback {x.FailedRecorderId}",
            CancelFailback x => $"failback {x.FailedRecorderId}",
            StartDataCopy x => $"entry {x.EntryId}",
            PauseMaterialCopy x => $"copy {x.MaterialCopyId}",
            ResumeMaterialCopy { ChannelCopyId: { } one } => $"channel copy {one}",
            ResumeMaterialCopy x => $"copy {x.MaterialCopyId}",
            CancelMaterialCopy x => $"copy {x.MaterialCopyId}",
            FetchPeriodNow x => $"period {x.MaterialCopyId}",
            SetCopyLimits x => $"limits {x.RecorderId}",
            _ => request.GetType().Name,
        };

    private Answer Decided(string what, string outcome)
    {
        var words = viewer.Words.Actions;
        if (outcome == "Accepted")
            return new(true, words.Done(what));
        return new(
            false,
            words.Refused(what),
            Enum.TryParse<FailbackReason>(outcome, out var reason) ? InWords(reason) : ShownName.Shortened(outcome)
        );
    }

    private string InWords(FailbackReason reason)
    {
        var said = viewer.Words.Reasons[reason];
        return $"{said.What} {said.Do}";
    }

    [LoggerMessage(
        6402,
        LogLevel.Warning,
        "Whether {Request} {Key} arrived is not known; it is asked for again under the same key (trace {TraceId})"
    )]
    private static partial void LogNotSent(ILogger logger, string request, Guid key, string traceId, Exception exception);
}
