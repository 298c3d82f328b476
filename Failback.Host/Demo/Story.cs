using System.Data.Common;
using Failback.Messages;
using Failback.Saga;

namespace Failback.Host;

/// <summary>
/// The story: recorders die, failover servers stand in and record, settings are edited meanwhile, the recorders return,
/// failback runs, and the footage comes home. Every step waits for a fact, at most <see cref="Patience"/>.
/// </summary>
internal sealed class Story(DemoOptions options, Site site, Controller controller, IRead read, Screen screen, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Repeat = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>People take their time: from when they are waited for, nothing has to happen within <see cref="Patience"/>.</summary>
    private bool waitsForPeople;
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The failovers of the story, once they happened.</summary>
    public IReadOnlyList<Outage> Outages { get; private set; } = [];

    /// <summary>Every recorder that failed is back: before that, a failback that a person asks for can only fail.</summary>
    public bool AllAreBack { get; private set; }

    public async Task<Summary> TellAsync(CancellationToken token)
    {
        screen.Say(
            $"A site of one controller, {site.Failing.Count + site.Healthy.Count} recorders, {site.FailoverServers.Count} failover server(s)"
        );
        await IntroduceAsync(token);

        Outages =
        [
            .. site.Failing.Select(
                (x, i) => new Outage(Guid.CreateVersion7(time.GetUtcNow()), x, site.FailoverServers[i], site.OutageStart)
            ),
        ];
        foreach (var outage in Outages)
            await FailOverAsync(outage, token);
        foreach (var outage in Outages)
            await ReturnAsync(outage, token);
        AllAreBack = true;
        if (options.Manual)
            await WaitForAPersonAsync(token);

        foreach (var outage in Outages)
            await UntilAsync(() => FailbackEndedAsync(outage, token), $"the failback of {outage.Failed.Name} ended", token);
        if (!await AllAsync(x => x.Failback == "Succeeded", token))
            return await Summary.ReadAsync(read, site, Outages, token);
        await screen.FollowAsync(this, read, token);
        await UntilAsync(() => AllAsync(x => Ended(x.MaterialCopy), token), "all material copies ended", token);
        await UntilAsync(
            () => AllAsync(x => x.Hold is "Released" || x.MaterialCopy != MaterialCopyStatus.Succeeded, token),
            "the holds are released",
            token
        );
        return await Summary.ReadAsync(read, site, Outages, token);
    }

    /// <summary>A person asks for a failback.</summary>
    public Task AskAsync(ManualFailbackRequested request, CancellationToken token) => controller.AskAsync(request, token);

    /// <summary>What came of a person's request; the demo goes on with the first that started something.</summary>
    public void Accept(Answer answer)
    {
        screen.Say($"A person asked for the failback of {answer.FailedRecorderId}: {answer.Reason?.ToString() ?? "started"}");
        if (answer.Reason is null)
            started.TrySetResult();
    }

    public static bool Ended(MaterialCopyStatus status) =>
        status is MaterialCopyStatus.Succeeded or MaterialCopyStatus.Partial or MaterialCopyStatus.Failed or MaterialCopyStatus.Canceled;

    public async Task<bool> AllAsync(Func<LogEntryView, bool> fact, CancellationToken token)
    {
        foreach (var outage in Outages)
            if (await read.EntryAsync(outage.EntryId, token) is not { } entry || !fact(entry))
                return false;
        return true;
    }

    /// <summary>Tells of the site until the directory knows it.</summary>
    private async Task IntroduceAsync(CancellationToken token)
    {
        DateTimeOffset told = default;
        await UntilAsync(
            async () =>
            {
                if (time.GetUtcNow() - told >= Repeat)
                {
                    told = time.GetUtcNow();
                    await controller.IntroduceAsync(site, automatic: !options.Manual, token);
                }
                return (await read.RecordersAsync(null, 1_000, token)).Count == site.Recorders.Count;
            },
            "the directory knows the site",
            token
        );
    }

    private async Task FailOverAsync(Outage outage, CancellationToken token)
    {
        screen.Say($"{outage.Failed.Name} dies; {outage.StandIn.Name} stands in and records");
        var settings = await outage.Failed.SettingsAsync(token);
        await controller.FailoverStartedAsync(outage, token);
        await outage.Failed.StopAsync();
        await controller.LostAsync(outage.Failed, token);
        await outage.StandIn.StandInAsync(outage, settings, token);
        await controller.FailoverCompletedAsync(outage, token);
        await UntilAsync(
            async () => (await read.EntryAsync(outage.EntryId, token)) is { Failover: "Succeeded", Hold: "Held" },
            $"the failover of {outage.Failed.Name} is in the log and {outage.StandIn.Name} holds the period",
            token
        );
        var items = await site.RecordOutageAsync(outage, token);
        screen.Say($"  {outage.StandIn.Name} holds {items} items of {site.Minutes} min; its settings are edited meanwhile");
        await outage.StandIn.EditSettingsAsync(outage, token);
    }

    private async Task ReturnAsync(Outage outage, CancellationToken token)
    {
        await outage.Failed.ReturnRepairedAsync(token);
        screen.Say($"{outage.Failed.Name} is repaired and connects again");
        await controller.FoundAsync(outage.Failed, token);
    }

    private async Task WaitForAPersonAsync(CancellationToken token)
    {
        screen.Say(
            $"Waiting for a person: {(options.HasConsole ? "\"Start failback\" in the console, or " : "")}POST /demo/failback"
                + (Screen.Interactive ? ", or press Enter" : "")
        );
        screen.OnEnter(() =>
        {
            started.TrySetResult();
            return Outages.Select(x => AskAsync(new Demo.Asking(Environment.UserName, ["operator"]).For(x), token));
        });
        waitsForPeople = true;
        // Who starts it in the console says nothing here.
        while (!started.Task.IsCompleted && !await HoldsAsync(() => AnyAsync(x => x.Failback != "None", token)))
            await Task.Delay(Look, time, token);
    }

    private async Task<bool> AnyAsync(Func<LogEntryView, bool> fact, CancellationToken token) => !await AllAsync(x => !fact(x), token);

    private async Task<bool> FailbackEndedAsync(Outage outage, CancellationToken token)
    {
        var entry = await read.EntryAsync(outage.EntryId, token);
        return entry?.Failback == "Succeeded" || (entry?.Failback == "Failed" && !options.Manual);
    }

    /// <summary>A database that is not there yet, or away for a moment, has no facts.</summary>
    private static async Task<bool> HoldsAsync(Func<Task<bool>> fact)
    {
        try
        {
            return await fact();
        }
        catch (DbException)
        {
            return false;
        }
    }

    private async Task UntilAsync(Func<Task<bool>> fact, string what, CancellationToken token)
    {
        var since = time.GetTimestamp();
        while (!await HoldsAsync(fact))
        {
            if (!waitsForPeople && time.GetElapsedTime(since) > Patience)
                throw new TimeoutException($"Waited {Patience.TotalMinutes} min in vain until {what}.");
            await Task.Delay(Look, time, token);
        }
    }
}
