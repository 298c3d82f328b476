using System.Globalization;
using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;

namespace Failback.Benchmarks;

/// <summary>
/// Hands out the slices of a channel copy as the ledger does: at most 64 MB, 5,000 items and 1 h each, some in flight; what an early
/// answer leaves is handed out again.
/// </summary>
/// <param name="inFlight">Slices at once: <c>Failback:Copy:SlicesInFlight</c>.</param>
internal sealed class SliceWorker(SliceCopier copier, RecorderAddress source, RecorderAddress target, int inFlight)
{
    private const int MaxSeconds = 60;
    private static readonly Guid Entry = Guid.CreateVersion7();

    /// <summary>Answers lines of orders until the input ends.</summary>
    public async Task ServeAsync(TextReader input, TextWriter output, CancellationToken token)
    {
        while (await input.ReadLineAsync(token) is { } line)
        {
            await output.WriteLineAsync(await AnswerAsync(Order.Parse(line), token));
            await output.FlushAsync(token);
        }
    }

    private async Task<string> AnswerAsync(Order order, CancellationToken token)
    {
        var open = new Queue<(DateTimeOffset From, DateTimeOffset To)>(order.Slices());
        string? failure = null;
        async Task StreamAsync()
        {
            while (Next(open) is { } slice && failure is null)
            {
                var result = await copier.CopyAsync(Work(order, slice.From, slice.To), token);
                if (result.Failure is not null || result.Conflicts > 0 || result.Missing.Count > 0 || result.Verified != result.Expected)
                    failure = $"{result.Failure} {result.Detail}: {result.Verified} of {result.Expected} verified";
                if (result.Reached < slice.To)
                    Leave(open, (result.Reached, slice.To));
            }
        }
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(StreamAsync, token)));
        return failure ?? "done";
    }

    private static (DateTimeOffset From, DateTimeOffset To)? Next(Queue<(DateTimeOffset From, DateTimeOffset To)> open)
    {
        lock (open)
            return open.TryDequeue(out var slice) ? slice : null;
    }

    private static void Leave(Queue<(DateTimeOffset From, DateTimeOffset To)> open, (DateTimeOffset From, DateTimeOffset To) rest)
    {
        lock (open)
            open.Enqueue(rest);
    }

    private CopyWork Work(Order order, DateTimeOffset from, DateTimeOffset to) =>
        new()
        {
            Source = source,
            Target = target,
            Track = new(order.Origin, order.Kind, Internal.TrackId),
            From = from,
            To = to,
            First = from == order.From,
            MaxBytes = CopyWork.MostBytes,
            MaxItems = CopyWork.MostItems,
            MaxTime = TimeSpan.FromSeconds(MaxSeconds),
            MaxBytesPerSecond = order.BytesPerSecond is 0 ? null : order.BytesPerSecond / inFlight,
            EntryId = Entry,
            ReadBack = false,
        };

    /// <summary>One channel copy, as the plan knows it: its period, and how much of it there is.</summary>
    private sealed record Order(
        string Origin,
        TrackKind Kind,
        DateTimeOffset From,
        DateTimeOffset To,
        TimeSpan Every,
        long AverageBytes,
        long BytesPerSecond
    )
    {
        public static Order Parse(string line)
        {
            var parts = line.Split(' ');
            long Number(int i) => long.Parse(parts[i], CultureInfo.InvariantCulture);
            DateTimeOffset Instant(int i) => new(Number(i), TimeSpan.Zero);
            return new(
                parts[0],
                Enum.Parse<TrackKind>(parts[1]),
                Instant(2),
                Instant(3),
                TimeSpan.FromTicks(Number(4)),
                Number(5),
                Number(6)
            );
        }

        public IEnumerable<(DateTimeOffset From, DateTimeOffset To)> Slices()
        {
            var items = Math.Clamp(CopyWork.MostBytes / AverageBytes, 1, CopyWork.MostItems);
            var length = new TimeSpan(Math.Min(Every.Ticks * items, CopyWork.MostMaterial.Ticks));
            for (var from = From; from < To; from += length)
                yield return (from, from + length < To ? from + length : To);
        }
    }
}
