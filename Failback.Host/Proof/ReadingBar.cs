using System.Globalization;
using Failback.Worker;
using Spectre.Console;

namespace Failback.Host;

/// <summary>How far reading has come: a live bar with percent and time left in a terminal, else a line a few seconds on standard error.</summary>
internal static class ReadingBar
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    /// <param name="quiet">Nothing is shown.</param>
    /// <param name="items">Expected; more may come.</param>
    public static async Task<T> WhileAsync<T>(bool quiet, long items, Func<IProgress<CoverageProgress>?, Task<T>> read)
    {
        if (quiet)
            return await read(null);
        if (!Screen.Interactive)
            return await read(new Lines(items, TimeProvider.System));
        return await AnsiConsole
            .Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async live =>
            {
                var bar = live.AddTask("reading", maxValue: Math.Max(1, items));
                return await read(new Bar(bar));
            });
    }

    private static string Rate(long bytes, TimeSpan time) =>
        $"{(bytes / 1e6 / Math.Max(time.TotalSeconds, 0.001)).ToString("0.0", CultureInfo.InvariantCulture)} MB/s";

    private sealed class Bar(ProgressTask task) : IProgress<CoverageProgress>
    {
        private readonly System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();

        public void Report(CoverageProgress value)
        {
            task.MaxValue = Math.Max(task.MaxValue, value.Items);
            task.Value = value.Items;
            task.Description = Markup.Escape($"{Printable.Line(value.TrackId, 30)}  {Rate(value.Bytes, watch.Elapsed)}");
        }
    }

    private sealed class Lines(long items, TimeProvider time) : IProgress<CoverageProgress>
    {
        private readonly long since = time.GetTimestamp();
        private TimeSpan said;

        public void Report(CoverageProgress value)
        {
            var elapsed = time.GetElapsedTime(since);
            if (elapsed - said < Every)
                return;
            said = elapsed;
            var share = (double)value.Items / Math.Max(Math.Max(items, value.Items), 1);
            var left = TimeSpan.FromSeconds(elapsed.TotalSeconds * (1 - share) / Math.Max(share, 0.001));
            Console.Error.WriteLine(
                $"{Math.Floor(share * 100):0} %  {value.Items} items  {Rate(value.Bytes, elapsed)}  {left:hh\\:mm\\:ss} left"
            );
        }
    }
}
