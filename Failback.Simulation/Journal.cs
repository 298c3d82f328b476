using System.IO.Hashing;
using System.Text;

namespace Failback.Simulation;

/// <summary>Everything that happens, in its order: always as a digest (I20), and as text when somebody wants to read it.</summary>
internal sealed class Journal(VirtualTime time, bool kept)
{
    private readonly XxHash3 history = new();
    private readonly List<string> lines = [];

    public ulong Digest => history.GetCurrentHashAsUInt64();

    public IReadOnlyList<string> Lines => lines;

    public void Write(string line)
    {
        history.Append(BitConverter.GetBytes(time.Now));
        history.Append(Encoding.UTF8.GetBytes(line));
        if (kept)
            lines.Add($"{time.Elapsed:hh\\:mm\\:ss\\.fff} {line}");
    }

    public void Write(SimulatedUnit unit)
    {
        Write($"{unit.Process.Name} commits {unit.Cause}");
        if (!kept)
            return;
        foreach (var ((table, id), saved) in unit.Saved)
            Write($"    {table.Name} {id}: {saved.Row}");
    }

    /// <summary>What was done to the recorders.</summary>
    public void Write(IEnumerable<SimulatedRecorder> recorders)
    {
        foreach (var recorder in recorders)
        foreach (var (what, attempt, at) in recorder.Journal)
            Write($"{recorder.Id}: {what} {attempt} at {at - VirtualTime.Start:hh\\:mm\\:ss\\.fff}");
    }
}
