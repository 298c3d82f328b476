using System.Buffers;
using Failback.Messages;
using Failback.Recorders;

namespace Failback.Worker;

/// <summary>What is known of an item of the slice.</summary>
internal enum ItemState
{
    /// <summary>Not on the target yet.</summary>
    Wanted = 1,

    /// <summary>Was on the target before this slice (D7).</summary>
    AlreadyThere = 2,

    /// <summary>Written by this slice and seen on the target afterwards.</summary>
    Copied = 3,
    Conflict = 4,

    /// <summary>Given up; <see cref="SliceItem.Why"/> says why.</summary>
    Lost = 5,
}

/// <summary>What came over when an item was read: a stable damage reads the same each time, a bad line does not.</summary>
internal readonly record struct ReadSignature(long Bytes, string Digest);

/// <summary>One item of a slice and how far it is.</summary>
internal sealed class SliceItem(ItemEntry entry, DateTimeOffset at)
{
    /// <summary>Reads of an item that does not arrive as listed, before it is given up (F5).</summary>
    public const int MostReads = 3;

    private List<ReadSignature>? badReads;

    public ItemEntry Entry { get; } = entry;

    /// <summary>Where it stands in the slice: its start, or From when it straddles that.</summary>
    public DateTimeOffset At { get; } = at;
    public bool Overlap { get; set; }
    public ItemState State { get; set; } = ItemState.Wanted;
    public CopyFailure Why { get; private set; }

    public bool Settled => State != ItemState.Wanted;
    public bool Verified => State is ItemState.AlreadyThere or ItemState.Copied;

    /// <summary>Read as often as it is worth without arriving as listed.</summary>
    public bool ReadEnough => badReads?.Count >= MostReads;

    /// <summary>Every read gave the same bytes, and they are not the listed ones: the source has no others (F6).</summary>
    public bool DamagedAtSource => ReadEnough && badReads!.Distinct().Count() == 1 && badReads![0] != AsListed;

    public void ReadBadly(ReadSignature signature) => (badReads ??= []).Add(signature);

    public void Lose(CopyFailure why) => (State, Why) = (ItemState.Lost, why);

    /// <summary>What comes over when all is well.</summary>
    public ReadSignature AsListed => new(Entry.Length, Entry.Digest);
}

/// <summary>What may be believed of a listed item; a recorder's listing is input from outside.</summary>
internal static class ItemSoundness
{
    private const int DigestCharacters = 32;
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    public static bool IsSound(this ItemEntry item) =>
        item.Length is >= 0 and <= Limits.ItemBytes
        && item.Duration >= TimeSpan.Zero
        && item.Duration <= Limits.ItemDuration
        && item.Start < DateTimeOffset.MaxValue - Limits.ItemDuration
        && item.Digest is { Length: DigestCharacters }
        && !item.Digest.AsSpan().ContainsAnyExcept(Hexadecimal);
}
