using Failback.Messages;
using Failback.Saga;

namespace Failback.Web;

/// <summary>How a request ended, in words: done, refused with its reason, or still waiting for its decision.</summary>
internal sealed record Answer(bool Done, string Title, string? Detail = null, bool Pending = false);

/// <summary>Asks the saga and waits until it has decided, so that a refusal is seen where it was asked (D14).</summary>
internal sealed class ConsoleRequests(IAsk ask, Viewer viewer)
{
    /// <summary>Looks at a request until it is decided; then people are told that it will be.</summary>
    private const int Looks = 40;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <param name="what">The request in a person's words.</param>
    /// <param name="request">The message; who asks and the key are set by the door.</param>
    /// <param name="key">The same when it is sent again.</param>
    public async Task<Answer> AskAsync(string what, object request, Guid key, CancellationToken token)
    {
        var words = viewer.Words.Actions;
        try
        {
            var asked = await ask.AskAsync(request, key, viewer.Asker, token);
            if (Refused(what, asked) is { } refused)
                return refused;
            for (var look = 0; look < Looks; look++)
            {
                if (await ask.RequestAsync(key, token) is { Outcome: not "Pending" } decided)
                    return Decided(what, decided.Outcome);
                await Task.Delay(Pause, viewer.Time, token);
            }
            return new(true, what, words.StillPending, Pending: true);
        }
        catch (Exception) when (!token.IsCancellationRequested)
        {
            return new(false, words.Refused(what), words.NotAsked);
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
}
