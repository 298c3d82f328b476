using Failback.Hosting;
using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>The steps of one attempt, in order; which step it is in says what a fault means.</summary>
internal sealed class RestoreRun(RestoreRecorder work, IRecorderRegistry registry, SettingsFinder finder, Retries retries)
{
    private readonly RestoreAttempt attempt = new(work.EntryId, work.Attempt) { FailoverStartedAt = work.FailoverStartedAt };

    /// <summary>For people: the step that is being done.</summary>
    public string Step { get; private set; } = "reading the message";

    /// <summary>The side that is at fault when the time is over.</summary>
    public Side WaitsFor { get; private set; } = Side.Recorder;

    /// <summary>Settings came from the failover server, not from the cache (D4).</summary>
    public bool Fresh { get; private set; }

    private bool saving;

    /// <summary>Settings as applied and read back, and since when it records if that is known.</summary>
    /// <exception cref="NotRestoredException">A reason of SPEC section 2.</exception>
    /// <exception cref="SideException">A fault; <see cref="ReasonOf"/> says its reason.</exception>
    /// <exception cref="AttemptIsVoidException">A newer attempt was seen.</exception>
    /// <exception cref="AttemptWasBegunException">This one was begun before, and is not done.</exception>
    public async Task<(DocumentReference Applied, DateTimeOffset? Since)> RunAsync(CancellationToken token)
    {
        Check();
        var (recorder, recorderStatus) = await LookAsync(work.Recorder, Side.Recorder, token);
        ThrowIfVoid(recorderStatus);
        if (recorderStatus.LastAttempt == attempt)
            return await RepeatedAsync(recorder, recorderStatus, token);
        var (failoverServer, failoverStatus) = await LookAsync(work.FailoverServer, Side.FailoverServer, token);
        if (LiveRoles.IsHome(recorderStatus, failoverStatus, work.EntryId))
            return await HomeAsync(recorder, token);
        if (LiveRoles.Refusal(recorderStatus, failoverStatus, [work.EntryId, .. work.EarlierEntryIds ?? []]) is { } refusal)
            throw new NotRestoredException(refusal.Reason, refusal.Detail);

        (Step, WaitsFor) = ("finding the settings", Side.FailoverServer);
        var found = await finder.FindAsync(failoverServer, work.CachedSettings, token);
        Fresh = found.Fresh;
        if (SettingsDocument.Read(found.Settings.Bytes)!.WhyIncompatible(recorderStatus) is { } why)
            throw new NotRestoredException(FailbackReason.Incompatible, why);

        await ApplyAsync(recorder, found.Settings, token);
        await ConfirmAsync(recorder, token);
        return (found.Reference, null);
    }

    /// <summary>What a recorder's fault means in the step that it happened in.</summary>
    public FailbackReason ReasonOf(SideException fault) =>
        fault.Fault switch
        {
            RecorderFault.Incompatible => FailbackReason.Incompatible,
            RecorderFault.WrongRole when fault.Side == Side.Recorder => FailbackReason.RecorderInWrongState,
            RecorderFault.WrongRole => FailbackReason.FailoverServerInWrongState,
            _ when fault.Fault.IsTransient() || fault.Fault == RecorderFault.WrongIdentity => fault.Side.AsNoConnection(),
            _ when saving => FailbackReason.SettingsSavingFailed,
            _ => fault.Side.AsNoConnection(),
        };

    private void Check()
    {
        var refusal =
            MessageBounds.Refusal("Recorder", work.Recorder)
            ?? MessageBounds.Refusal("FailoverServer", work.FailoverServer)
            ?? (work.Recorder.RecorderId == work.FailoverServer.RecorderId ? "FailoverServer: must be another recorder" : null)
            ?? (work.Attempt < 1 ? "Attempt: at least 1" : null);
        if (refusal is not null)
            throw new NotRestoredException(FailbackReason.InternalError, refusal);
    }

    private async Task<(RecorderLink, RecorderStatus)> LookAsync(RecorderAddress address, Side side, CancellationToken token)
    {
        (Step, WaitsFor) = ($"asking {address.RecorderId} for its status", side);
        var link = RecorderLink.Open(registry, address, side, retries);
        return (link, await link.StatusAsync(token));
    }

    private void ThrowIfVoid(RecorderStatus recorder)
    {
        if (recorder.LastAttempt is { } seen && seen.EntryId == work.EntryId && seen.Attempt > work.Attempt)
            throw new AttemptIsVoidException($"{recorder.RecorderId} has seen attempt {seen.Attempt}");
    }

    /// <summary>
    /// The command came before. It must not be done twice: the failover server may stand in for another recorder by now, with other
    /// settings. Done, it is said again; half done, a newer attempt has to do it.
    /// </summary>
    private Task<(DocumentReference, DateTimeOffset?)> RepeatedAsync(
        RecorderLink recorder,
        RecorderStatus status,
        CancellationToken token
    ) =>
        status is { Role: LiveRole.Recorder, Recording: true }
            ? HomeAsync(recorder, token)
            : throw new AttemptWasBegunException($"{status.RecorderId} knows attempt {attempt.Attempt} and does not record");

    /// <summary>Done by an earlier attempt whose answer was lost: say so again, with what it has now.</summary>
    private async Task<(DocumentReference, DateTimeOffset?)> HomeAsync(RecorderLink recorder, CancellationToken token)
    {
        (Step, WaitsFor) = ("reading back the settings", Side.Recorder);
        var settings = await recorder.AskAsync((x, y) => x.GetSettingsAsync(y), token);
        if (settings is null)
            throw new NotRestoredException(FailbackReason.SettingsSavingFailed, "it records, but without settings");
        return (new DocumentReference { Digest = settings.Digest, Length = settings.Bytes.Length }, null);
    }

    private async Task ApplyAsync(RecorderLink recorder, RecorderSettings settings, CancellationToken token)
    {
        (Step, WaitsFor, saving) = ("saving the settings", Side.Recorder, true);
        KillPoint.Reached("restore.before-settings");
        var digest = await ChangeAsync(recorder, (x, y) => x.PutSettingsAsync(settings, attempt, y), token);
        KillPoint.Reached("restore.after-settings");
        if (digest != settings.Digest)
            throw new NotRestoredException(FailbackReason.SettingsSavingFailed, $"sent {settings.Digest}, read back {digest}");
        Step = "letting it record";
        await ChangeAsync(
            recorder,
            async (x, y) =>
            {
                KillPoint.Reached("restore.before-activation");
                await x.ActivateAsync(attempt, y);
                KillPoint.Reached("restore.after-activation");
                return true;
            },
            token
        );
        saving = false;
    }

    /// <summary>Its own word that it records, asked a bounded number of times (D3).</summary>
    private async Task ConfirmAsync(RecorderLink recorder, CancellationToken token)
    {
        Step = "confirming that it records";
        for (var tries = 1; ; tries++)
        {
            var status = await recorder.StatusAsync(token);
            ThrowIfVoid(status);
            if (status is { Role: LiveRole.Recorder, Recording: true })
                return;
            if (tries >= retries.Tries)
                throw new NotRestoredException(
                    FailbackReason.RecorderInWrongState,
                    $"{status.RecorderId} took its settings, but is {status.Role} and {(status.Recording ? "records" : "does not record")}"
                );
            await retries.WaitAsync(tries, token);
        }
    }

    /// <summary>Refused as stale, it is void when its own entry went on; nobody must wait for ever because another did.</summary>
    private async Task<T> ChangeAsync<T>(RecorderLink recorder, Func<IRecorder, CancellationToken, Task<T>> change, CancellationToken token)
    {
        try
        {
            return await recorder.AskAsync(change, token);
        }
        catch (SideException fault) when (fault.Fault == RecorderFault.StaleAttempt)
        {
            var seen = (await recorder.StatusAsync(token)).LastAttempt;
            if (seen == attempt)
                throw new AttemptWasBegunException(fault.Message);
            if (seen?.EntryId == attempt.EntryId && seen.Attempt > attempt.Attempt)
                throw new AttemptIsVoidException(fault.Message);
            throw new NotRestoredException(
                FailbackReason.RecorderInWrongState,
                $"{work.Recorder.RecorderId} refuses attempts of this failover: the last it took was of {seen?.EntryId.ToString() ?? "none"}"
            );
        }
    }
}
