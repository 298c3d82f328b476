using System.Diagnostics.CodeAnalysis;
using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>One slice to copy, checked: what <see cref="SliceCopier"/> may rely on.</summary>
internal sealed record CopyWork
{
    /// <summary>Bounds of a slice (DESIGN section 1): 64 MiB, 5,000 items, 1 h of material, 60 s of work.</summary>
    public const long MostBytes = 64L << 20;
    public const int MostItems = 5_000;
    public const int MostSeconds = 60;
    public static readonly TimeSpan MostMaterial = TimeSpan.FromHours(1);

    public required RecorderAddress Source { get; init; }
    public required RecorderAddress Target { get; init; }
    public required Track Track { get; init; }
    public required DateTimeOffset From { get; init; }
    public required DateTimeOffset To { get; init; }
    public required bool First { get; init; }
    public required long MaxBytes { get; init; }
    public required int MaxItems { get; init; }
    public required TimeSpan MaxTime { get; init; }
    public required long? MaxBytesPerSecond { get; init; }

    /// <summary>The failover that the material comes home for; null when a saga of an earlier version asks.</summary>
    public required Guid? EntryId { get; init; }

    /// <summary>What the target lists is not enough: it reads it back (ADR 0027).</summary>
    public required bool ReadBack { get; init; }

    /// <summary>
    /// Where an item stands in the slice: what straddles From stands at From. In microseconds, as the ledger keeps the time reached:
    /// items of one microsecond stay in one slice, else the next one would count them again (F8).
    /// </summary>
    public DateTimeOffset At(ItemEntry item)
    {
        var at = item.Start.AddTicks(-(item.Start.UtcTicks % TimeSpan.TicksPerMicrosecond));
        return at < From ? From : at;
    }

    /// <summary>True when the item is this slice's to copy (D8): it starts in it, or it straddles the start of the first.</summary>
    public bool Takes(ItemEntry item) => item.Start < To && (item.Start >= From || (First && item.Duration > From - item.Start));

    /// <summary>An item as the target has to keep it. The entry is told only to a target that keeps it: another need not know how it is said.</summary>
    public ItemEntry ToKeep(SliceItem item, RecorderFeatures ofTarget) =>
        item.Entry with
        {
            SourceRecorderId = Source.RecorderId,
            Overlap = item.Overlap,
            EntryId = ofTarget.HasFlag(RecorderFeatures.Provenance) ? EntryId : null,
        };

    /// <summary>The work of a message, or the member that is wrong and what is allowed.</summary>
    public static bool TryFrom(CopyChannelData job, [NotNullWhen(true)] out CopyWork? work, [NotNullWhen(false)] out string? refusal)
    {
        refusal = Refusal(job);
        work = refusal is null
            ? new CopyWork
            {
                Source = job.Source,
                Target = job.Target,
                Track = new Track(job.OriginRecorderId, (TrackKind)(int)job.Kind, job.TrackId),
                From = job.From,
                To = job.To,
                First = job.First,
                MaxBytes = job.MaxBytes,
                MaxItems = job.MaxItems,
                MaxTime = TimeSpan.FromSeconds(job.MaxSeconds),
                MaxBytesPerSecond = job.MaxBytesPerSecond,
                EntryId = job.EntryId,
                ReadBack = job.ReadBack,
            }
            : null;
        return work is not null;
    }

    private static string? Refusal(CopyChannelData job)
    {
        if (MessageBounds.Refusal("Source", job.Source) is { } source)
            return source;
        if (MessageBounds.Refusal("Target", job.Target) is { } target)
            return target;
        if (job.Source.RecorderId == job.Target.RecorderId)
            return "Target: must be another recorder than Source";
        if (!MessageBounds.Fits(job.OriginRecorderId, MessageBounds.RecorderIdCharacters))
            return $"OriginRecorderId: 1 to {MessageBounds.RecorderIdCharacters} characters";
        if (!MessageBounds.Fits(job.TrackId, Limits.TrackIdCharacters))
            return $"TrackId: 1 to {Limits.TrackIdCharacters} characters";
        if (!Enum.IsDefined(job.Kind))
            return "Kind: one of " + string.Join(", ", Enum.GetNames<DataKind>());
        if (MessageBounds.Refusal(job.From, job.To) is { } period)
            return period;
        if (job.To - job.From > MostMaterial)
            return $"To: at most {MostMaterial.TotalHours} h after From";
        if (job.MaxBytes is < 1 or > MostBytes)
            return $"MaxBytes: 1 to {MostBytes}";
        if (job.MaxItems is < 1 or > MostItems)
            return $"MaxItems: 1 to {MostItems}";
        if (job.MaxSeconds is < 1 or > MostSeconds)
            return $"MaxSeconds: 1 to {MostSeconds}";
        if (job.EntryId == Guid.Empty)
            return "EntryId: not empty, or none";
        return job.MaxBytesPerSecond is < 1 ? "MaxBytesPerSecond: at least 1, or none" : null;
    }
}
