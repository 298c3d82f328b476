using System.Globalization;
using System.Text.Json;
using Failback.Saga;
using Spectre.Console;

namespace Failback.Host;

/// <summary>Watches a failback or a material copy until it ended: a bar in a terminal, else a line a few seconds.</summary>
internal sealed class RemoteFollow(RemoteOptions options, RemoteSite site, TimeProvider time)
{
    private const int NotDone = 1;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private static readonly string[] Ended = ["Succeeded", "Partial", "Failed", "Canceled"];

    /// <returns>0 when it succeeded.</returns>
    public async Task<int> RunAsync(CancellationToken token)
    {
        if (options.Command == RemoteCommand.StartFailback)
        {
            var entry = await FailbackAsync(token);
            Say($"failback: {entry.Failback}{(entry.FailbackReason is { } reason ? $" ({reason})" : "")}", entry);
            return entry.Failback == "Succeeded" ? 0 : NotDone;
        }
        var copy = await CopyAsync(token);
        var doubt = copy.Doubted ? "; the newest report says that not everything is home" : "";
        Say($"material copy: {copy.Status}, {copy.ItemsDone} items, {copy.ItemsMissing} missing, {copy.Conflicts} conflicts{doubt}", copy);
        return copy is { Status: "Succeeded", Doubted: false } ? 0 : NotDone;
    }

    private async Task<LogEntryView> FailbackAsync(CancellationToken token)
    {
        while (true)
        {
            var row = Of<LogRow>(await site.GetAsync($"/api/log/{options.Id}", token));
            if (row.Entry.Failback is "Succeeded" or "Failed")
                return row.Entry;
            await Task.Delay(Look, time, token);
        }
    }

    private Task<CopySummary> CopyAsync(CancellationToken token)
    {
        if (options.Json || !Screen.Interactive)
            return LinesAsync(token);
        return AnsiConsole
            .Progress()
            .Columns(
                new TaskDescriptionColumn(),
                new ProgressBarColumn(),
                new PercentageColumn(),
                new TransferSpeedColumn(),
                new RemainingTimeColumn()
            )
            .StartAsync(async live =>
            {
                var bar = live.AddTask("material copy");
                return await UntilEndedAsync(
                    x =>
                    {
                        bar.MaxValue = Math.Max(1, x.Bytes);
                        bar.Value = x.BytesDone;
                        bar.Description = Markup.Escape(Printable.Line(x.WaitingFor is { } y ? $"waiting for {y}" : x.Status, 40));
                    },
                    token
                );
            });
    }

    private async Task<CopySummary> LinesAsync(CancellationToken token)
    {
        var (since, said, first) = (time.GetTimestamp(), TimeSpan.Zero, (long?)null);
        return await UntilEndedAsync(
            x =>
            {
                first ??= x.BytesDone;
                var elapsed = time.GetElapsedTime(since);
                if (options.Json || elapsed - said < Every)
                    return;
                said = elapsed;
                var rate = (x.BytesDone - first.Value) / Math.Max(elapsed.TotalSeconds, 0.001);
                var left = rate > 0 ? TimeSpan.FromSeconds(Math.Min((x.Bytes - x.BytesDone) / rate, 1e8)) : (TimeSpan?)null;
                Console.Error.WriteLine(
                    $"{x.Status}  {RemoteTables.Percent(x)}  {(rate / 1e6).ToString("0.0", CultureInfo.InvariantCulture)} MB/s"
                        + (left is { } y ? $"  {y:d\\.hh\\:mm\\:ss} left" : "")
                );
            },
            token
        );
    }

    private async Task<CopySummary> UntilEndedAsync(Action<CopySummary> seen, CancellationToken token)
    {
        var path = options.Command == RemoteCommand.Resume ? $"/api/copies/{options.Id}" : $"/api/log/{options.Id}/copy";
        // What was resumed was ended a moment ago, and what was ordered is not there yet.
        for (var looks = 0; ; looks++)
        {
            var found = await site.FindAsync(path, token) is { } json ? Of<Watched>(json).Copy : null;
            if (found is not null)
            {
                seen(found);
                if (Ended.Contains(found.Status) && looks > 2)
                    return found;
            }
            else if (looks > 60)
                throw new RemoteException("The material copy is not there.");
            await Task.Delay(Look, time, token);
        }
    }

    private void Say<T>(string line, T value) =>
        Console.WriteLine(options.Json ? JsonSerializer.Serialize(value, RemoteSite.Json) : Printable.Line(line));

    private static T Of<T>(string json) => JsonSerializer.Deserialize<T>(json, RemoteSite.Json) ?? throw new JsonException();

    private sealed record Watched(CopySummary Copy);
}
