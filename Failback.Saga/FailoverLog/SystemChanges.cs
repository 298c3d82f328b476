using Failback.Messages;

namespace Failback.Saga;

/// <summary>A committed change as clients are told it.</summary>
internal static class SystemChanges
{
    public static SystemChanged ToMessage(this SystemChange change) =>
        new()
        {
            Number = change.Number,
            Kind = change.Kind,
            At = change.At.ToWire(),
            EntryId = change.EntryId,
            MaterialCopyId = change.MaterialCopyId,
            RecorderIds = change.RecorderIds,
        };
}
