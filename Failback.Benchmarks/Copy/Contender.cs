using System.Security.Cryptography;

namespace Failback.Benchmarks;

/// <summary>A copy that is not what was copied: nothing about its speed counts.</summary>
internal sealed class WrongCopyException(string message) : Exception(message);

/// <summary>One way of copying a workload; every round copies to a new place.</summary>
internal abstract class Contender(Workload workload)
{
    protected Workload Workload { get; } = workload;

    public abstract string Name { get; }

    /// <summary>Its goals are stated under this name.</summary>
    public virtual string Way => Name;

    /// <summary>What the others are compared with.</summary>
    public virtual bool IsOurs => false;

    /// <summary>What it answers for when it says that it is done.</summary>
    public virtual bool Durable => false;
    public virtual bool Verified => false;

    /// <summary>The program that is missing on this machine, or null.</summary>
    public abstract string? Missing { get; }

    /// <summary>Not timed: folders and lists that the copy needs.</summary>
    public virtual Task PrepareAsync(int round, CancellationToken token)
    {
        Directory.CreateDirectory(Target(round));
        return Task.CompletedTask;
    }

    public abstract Task RunAsync(int round, CancellationToken token);

    /// <summary>Seconds that its servers have used so far; the commands it runs are counted apart.</summary>
    public virtual double ServerCpuSeconds => 0;

    /// <summary>Not timed: the SHA-256 of each item that arrived, in order, from its bytes.</summary>
    public virtual async Task<IReadOnlyList<string>> DigestsAsync(int round, CancellationToken token)
    {
        var digests = new List<string>(Workload.Items);
        for (var i = 0; i < Workload.Items && File.Exists(FileOf(round, i)); i++)
            digests.Add(Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(FileOf(round, i), token))));
        return digests;
    }

    protected string Target(int round) => Workload.Target(Folder, round);

    protected string FileOf(int round, int item) => Path.Combine(Target(round), Workload.FileName(item));

    /// <summary>The name as a folder.</summary>
    protected string Folder => string.Concat(Name.Where(char.IsAsciiLetterOrDigit));
}
