using Failback.Messages;

namespace Failback.Saga;

/// <summary>Pure: a person changes what copying may take (D13, D14).</summary>
internal static class CopyLimitsChange
{
    public const string What = "copy.control set limits";

    /// <param name="known">The row as it is; null when nobody set one.</param>
    /// <param name="isKnownRecorder">False when the request names a recorder that the directory lacks.</param>
    public static IReadOnlyList<Effect> Decide(
        SetCopyLimits asked,
        CopyLimits? known,
        bool isKnownRecorder,
        IRights rights,
        DateTime now,
        Guid cause
    )
    {
        var (subject, request) = (asked.RecorderId ?? "site", Request.Of(asked, asked.RequestId));
        if (!rights.Allows(asked.Roles, CopyRequest.ControlRight))
            return Refused(FailbackReason.Forbidden);
        if (!isKnownRecorder)
            return Refused(FailbackReason.NoRecorder);
        var limits = new CopyLimits
        {
            RecorderId = asked.RecorderId ?? CopyLimits.Site,
            MaxBytesPerSecond = asked.MaxBytesPerSecond,
            ChannelsAtOnce = asked.ChannelsAtOnce,
            Hours = asked.Hours,
            ChangedBy = asked.RequestedBy,
            ChangedAt = now,
            Version = known?.Version ?? 0,
        };
        IReadOnlyList<string> recorders = asked.RecorderId is { } id ? [id] : [];
        return
        [
            new Save(limits),
            new Tell(SystemChangeKind.CopyLimitsChanged, null, null, recorders),
            new Note(asked.RequestedBy, What, subject, "Accepted", Said(asked), request),
        ];

        IReadOnlyList<Effect> Refused(FailbackReason reason) =>
            [
                new Publish(
                    new MaterialCopyRejected
                    {
                        RequestId = asked.RequestId,
                        Reason = reason,
                        At = now.ToWire(),
                    },
                    DerivedId.Of("rejected", asked.RequestId, cause)
                ),
                new Note(asked.RequestedBy, What, subject, reason.ToString(), null, request),
            ];
    }

    private static string Said(SetCopyLimits x) =>
        $"{x.MaxBytesPerSecond?.ToString() ?? "-"} bytes/s, {x.ChannelsAtOnce?.ToString() ?? "-"} channels, hours {x.Hours ?? "-"}";
}
