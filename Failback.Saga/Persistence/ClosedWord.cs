using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Failback.Saga;

/// <summary>
/// A member of a closed set, stored as its name. A word that is none of them (E15: somebody edited the row) reads as a member that does not
/// exist: the row can be shown, and no decision takes it for a state that it knows.
/// </summary>
internal sealed class ClosedWord<T>() : ValueConverter<T, string>(x => x.ToString(), x => Read(x))
    where T : struct, Enum
{
    private static readonly T Unknown = (T)Enum.ToObject(typeof(T), -1);

    /// <summary>What is read would be written as the same word; so a number never passes for the member that has it.</summary>
    private static T Read(string word) => Enum.TryParse<T>(word, out var member) && member.ToString() == word ? member : Unknown;
}
