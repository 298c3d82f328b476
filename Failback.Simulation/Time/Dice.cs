using System.Numerics;

namespace Failback.Simulation;

/// <summary>
/// Chance with a seed: xoshiro256** filled by SplitMix64, so that a seed means the same on every machine and every version of .NET.
/// Each subject rolls its own dice, so that one more roll of one changes no other.
/// </summary>
/// <seealso href="https://prng.di.unimi.it/xoshiro256starstar.c"/>
internal sealed class Dice
{
    private readonly ulong seed;
    private readonly ulong[] state = new ulong[4];

    public Dice(ulong seed)
    {
        this.seed = seed;
        for (var i = 0; i < state.Length; i++)
            state[i] = Mix(seed + (ulong)(i + 1) * 0x9E3779B97F4A7C15);
    }

    /// <summary>Dice of its own for a subject.</summary>
    public Dice For(string subject)
    {
        var hash = seed;
        foreach (var letter in subject)
            hash = Mix(hash ^ letter);
        return new Dice(hash);
    }

    public ulong Next()
    {
        var rolled = BitOperations.RotateLeft(state[1] * 5, 7) * 9;
        var shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = BitOperations.RotateLeft(state[3], 45);
        return rolled;
    }

    /// <summary>0 to <paramref name="below"/> - 1.</summary>
    public int Below(int below) => (int)(Next() % (ulong)below);

    /// <summary>Both included.</summary>
    public int Between(int least, int most) => least + Below(most - least + 1);

    public double Fraction() => (Next() >> 11) * (1.0 / (1ul << 53));

    public bool Chance(double of) => Fraction() < of;

    public T Of<T>(IReadOnlyList<T> these) => these[Below(these.Count)];

    public TimeSpan Between(TimeSpan least, TimeSpan most) => least + (most - least) * Fraction();

    public TimeSpan Seconds(double least, double most) => TimeSpan.FromSeconds(least + (most - least) * Fraction());

    public Guid Guid()
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, Next());
        BitConverter.TryWriteBytes(bytes[8..], Next());
        return new Guid(bytes);
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
