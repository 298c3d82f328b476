using MassTransit;

namespace Failback.Saga;

/// <summary>The life of one material copy (R27-R36, D5-D9): the table; what each cell does is decided in the pure types that it names.</summary>
internal sealed partial class MaterialCopyStateMachine : MassTransitStateMachine<MaterialCopyState>
{
    public MaterialCopyStateMachine()
    {
        InstanceState(x => x.CurrentState);
        Correlate();
        SetCompletedWhenFinalized(); // only a refused start: it leaves nothing behind

        Initially(When(StartDataCopy).Decide(CopyRequest.Start).To(Queued, Final)); // R28, R48
        During(
            [Queued, Planning, Copying, WaitingForSource],
            When(PauseMaterialCopy).Decide(CopyRequest.Pause).To(Paused),
            When(CancelMaterialCopy).Decide(CopyRequest.Cancel).To(Canceled),
            Refused(StartDataCopy, CopyRequest.Start)
        );
        During([Queued, Planning], When(ResumeMaterialCopy).Decide(CopyRequest.Resume)); // F15: one channel
        During(
            Queued,
            When(TurnCame).Decide(CopyTurn.Came).To(Planning, Copying, WaitingForSource, Succeeded, Partial, Failed) // R31
        );
        During(
            Planning,
            When(MaterialCopyPlanned).Decide(CopyTurn.Planned).To(Copying, WaitingForSource, Succeeded, Partial, Failed), // R34
            When(SliceOverdue).Decide(CopyTurn.Overdue).To(Failed),
            When(TurnAskedFor).Decide(CopyUrgent.Yield).To(Queued) // D13
        );
        During(
            Copying,
            When(ChannelCopiesSettled).Decide(CopyTurn.Settled).To(WaitingForSource, Succeeded, Partial, Failed), // R35
            When(SliceOverdue).Decide(CopyTurn.Overdue).To(WaitingForSource, Succeeded, Partial, Failed),
            When(FetchPeriodNow).Decide(CopyUrgent.Fetch).To(WaitingForSource, Succeeded, Partial, Failed), // D13
            When(ResumeMaterialCopy).Decide(CopyRequest.Resume).To(WaitingForSource), // F15: one channel
            When(TurnAskedFor).Decide(CopyUrgent.Yield).To(Queued) // D13
        );
        During(
            WaitingForSource,
            When(SliceOverdue).Decide(CopyTurn.Overdue).To(Queued), // D9: the wait is over, or the recorder came back
            When(ResumeMaterialCopy).Decide(CopyRequest.Resume).To(Queued) // F15: one channel, of a source that is there
        );
        During(
            Paused,
            When(ResumeMaterialCopy).Decide(CopyRequest.Resume).To(Queued), // R36
            When(CancelMaterialCopy).Decide(CopyRequest.Cancel).To(Canceled),
            Refused(StartDataCopy, CopyRequest.Start),
            Refused(PauseMaterialCopy, CopyRequest.Pause)
        );
        During(
            [Partial, Failed, Canceled],
            When(StartDataCopy).Decide(CopyRequest.Start).To(Queued), // R48
            When(ResumeMaterialCopy).Decide(CopyRequest.Resume).To(Queued)
        );
        During(
            Succeeded,
            When(StartDataCopy).Decide(CopyRequest.Start).To(Queued), // only when its report doubts it
            Refused(ResumeMaterialCopy, CopyRequest.Resume)
        );
        During(
            [Succeeded, Partial, Failed, Canceled],
            Refused(PauseMaterialCopy, CopyRequest.Pause),
            Refused(CancelMaterialCopy, CopyRequest.Cancel)
        );
        During([Queued, Planning, WaitingForSource, Paused], When(FetchPeriodNow).Decide(CopyUrgent.Fetch)); // D13
        During([Succeeded, Partial, Failed, Canceled], Refused(FetchPeriodNow, CopyUrgent.Fetch));
        During([Planning, Copying, WaitingForSource, Paused, Succeeded, Partial, Failed, Canceled], Passed(TurnCame));
        During([Queued, Copying, WaitingForSource, Paused, Succeeded, Partial, Failed, Canceled], Passed(MaterialCopyPlanned));
        During([Queued, Planning, WaitingForSource, Paused, Succeeded, Partial, Failed, Canceled], Passed(ChannelCopiesSettled));
        During([Queued, Paused, Succeeded, Partial, Failed, Canceled], Passed(SliceOverdue));
        During([Queued, WaitingForSource, Paused, Succeeded, Partial, Failed, Canceled], Passed(TurnAskedFor));
    }
}
