using System.Text.Json;
using Failback.Messages;
using Failback.Saga;
using Spectre.Console;

namespace Failback.Host;

/// <summary>The commands that speak the API: what the console can do, for scripts and terminals.</summary>
internal sealed class Remote(RemoteOptions options, RemoteSite site, TimeProvider time)
{
    private const int NotDone = 1;
    private static readonly TimeSpan DecidedWithin = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    public static int Help()
    {
        Console.WriteLine(RemoteOptions.Usage);
        return 0;
    }

    /// <returns>0 when it was done, 1 when it was refused, failed or not reached, 2 when the command is wrong.</returns>
    public static async Task<int> RunAsync(string[] args, string? tokenFile)
    {
        var (parsed, wrong) = RemoteOptions.Parse(args);
        if (parsed is null)
            return await Command.RefuseAsync(wrong);
        var options =
            parsed is { TokenFile: null, User: null } && tokenFile is { Length: > 0 } ? parsed with { TokenFile = tokenFile } : parsed;
        using var stop = Command.UntilCtrlC();
        try
        {
            await using var site = await RemoteSite.SignInAsync(options, Password, TimeProvider.System, stop.Token);
            try
            {
                var code = await new Remote(options, site, TimeProvider.System).RunAsync(stop.Token);
                // A dry run that was answered is nothing to be sent again.
                if (code != 0 && options.Command != RemoteCommand.Plan)
                    await SayKeyAsync(site);
                return code;
            }
            catch (Exception fault) when (IsForeseen(fault))
            {
                await Console.Error.WriteLineAsync(Said(fault));
                await SayKeyAsync(site);
                return NotDone;
            }
        }
        catch (Exception fault) when (IsForeseen(fault))
        {
            await Console.Error.WriteLineAsync(Said(fault));
            return NotDone;
        }
    }

    private static bool IsForeseen(Exception fault) =>
        fault is RemoteException or OperationCanceledException or JsonException or HttpRequestException;

    private static string Said(Exception fault) =>
        fault switch
        {
            RemoteException => fault.Message,
            OperationCanceledException => "stopped",
            _ => "The answer is none of Failback.",
        };

    /// <summary>What was sent may be committed, whatever was heard of it: sent again under its key it is still one request.</summary>
    private static Task SayKeyAsync(RemoteSite site) =>
        site.Key is { } key
            ? Console.Error.WriteLineAsync($"Its key is {key}; --key sends it again as the same request.")
            : Task.CompletedTask;

    private Task<int> RunAsync(CancellationToken token) =>
        options.Command switch
        {
            RemoteCommand.Log => LogAsync(token),
            RemoteCommand.Recorders => RecordersAsync(token),
            RemoteCommand.Plan => PlanAsync(token),
            RemoteCommand.Queues => QueuesAsync(token),
            RemoteCommand.Verify => new RemoteVerify(options, site).RunAsync(token),
            RemoteCommand.StartFailback => AskAsync(
                $"/api/log/{options.Id}/failback",
                options.ConfirmedAddress is null ? null : JsonSerializer.Serialize(new { confirmedAddress = options.ConfirmedAddress }),
                token
            ),
            RemoteCommand.StartCopy => AskAsync(
                $"/api/log/{options.Id}/copy",
                options.Order is null ? null : JsonSerializer.Serialize(new { order = options.Order }),
                token
            ),
            _ => AskAsync($"/api/copies/{options.Id}/{options.Command.ToString().ToLowerInvariant()}", null, token),
        };

    private async Task<int> LogAsync(CancellationToken token)
    {
        var query = new List<string> { $"limit={options.Limit}" };
        if (options.Finalised is { } finalised)
            query.Add($"finalised={(finalised ? "true" : "false")}");
        if (options.Recorder is { } recorder)
            query.Add($"recorderId={Uri.EscapeDataString(recorder)}");
        if (options.Text is { } text)
            query.Add($"text={Uri.EscapeDataString(text)}");
        var json = await site.GetAsync("/api/log?" + string.Join('&', query), token);
        if (options.Json)
            return Write(json);
        var page = Of<LogPage>(json);
        RemoteTables.Log(page);
        return 0;
    }

    private async Task<int> RecordersAsync(CancellationToken token)
    {
        var json = await site.GetAsync($"/api/recorders?limit={options.Limit}", token);
        if (options.Json)
            return Write(json);
        RemoteTables.Recorders(Of<Rows<RecorderRow>>(json).Items);
        return 0;
    }

    /// <summary>What lies in the queues that people read, as the API knows it.</summary>
    private async Task<int> QueuesAsync(CancellationToken token)
    {
        var json = await site.GetAsync("/api/queues", token);
        if (options.Json)
            return Write(json);
        RemoteTables.Queues(Of<QueuesView>(json));
        return 0;
    }

    /// <summary>What would refuse a failback now, by the log and by the recorders themselves.</summary>
    private async Task<int> PlanAsync(CancellationToken token)
    {
        var checks = await site.GetAsync($"/api/log/{options.Id}/checks", token);
        var key = options.Key ?? Guid.NewGuid();
        await site.PostAsync($"/api/log/{options.Id}/inspect", null, key, token);
        var inspection = await UntilAsync(
            async x => await site.GetAsync($"/api/inspections/{key}", x),
            x => !IsPending(x),
            "The recorders did not answer in time; are workers running?",
            token
        );
        var (all, found) = (Of<List<CheckView>>(checks), Of<RecordersInspected>(inspection));
        if (options.Json)
            Write($"{{\"checks\":{checks},\"inspection\":{inspection}}}");
        else
            RemoteTables.Plan(all, found);
        await SayAddressAsync(all.Any(x => x.Reason == FailbackReason.AddressChanged), token);
        return all.All(x => x.Passed) && found.Reason is null ? 0 : NotDone;
    }

    private async Task<int> AskAsync(string path, string? body, CancellationToken token)
    {
        var key = options.Key ?? Guid.NewGuid();
        await site.PostAsync(path, body, key, token);
        var json = await UntilAsync(
            x => site.GetAsync($"/api/requests/{key}", x),
            x => !IsPending(x),
            "It is committed and was not decided in time; failback goes on.",
            token
        );
        var request = Of<RequestView>(json);
        var accepted = request.Outcome == "Accepted";
        if (options.Json && !(accepted && options.Follow))
            Write(json);
        else if (!options.Json)
            Console.WriteLine($"{Printable.Line(request.Request)}: {Printable.Line(request.Outcome)}");
        await SayAddressAsync(request.Outcome == nameof(FailbackReason.AddressChanged), token);
        if (!accepted)
            return NotDone;
        return options.Follow ? await new RemoteFollow(options, site, time).RunAsync(token) : 0;
    }

    /// <summary>R42: the old and the new address, and how the new one is confirmed; beside what goes to standard output.</summary>
    private async Task SayAddressAsync(bool isChanged, CancellationToken token)
    {
        if (!isChanged || Of<LogRow>(await site.GetAsync($"/api/log/{options.Id}", token)).AddressChange is not { } moved)
            return;
        var (then, now) = (Printable.Line(moved.AtFailover), Printable.Line(moved.Now));
        await Console.Error.WriteLineAsync(
            $"The recorder was at {then} when the failover began and is at {now} now; --confirm-address {now} confirms it."
        );
    }

    private async Task<string> UntilAsync(
        Func<CancellationToken, Task<string>> look,
        Func<string, bool> holds,
        string late,
        CancellationToken token
    )
    {
        var since = time.GetTimestamp();
        while (true)
        {
            var seen = await look(token);
            if (holds(seen))
                return seen;
            if (time.GetElapsedTime(since) > DecidedWithin)
                throw new RemoteException(late);
            await Task.Delay(Look, time, token);
        }
    }

    private static bool IsPending(string json) =>
        JsonDocument.Parse(json).RootElement.TryGetProperty("outcome", out var outcome) && outcome.GetString() == "Pending";

    private static int Write(string json)
    {
        Console.WriteLine(json);
        return 0;
    }

    public static T Of<T>(string json) => JsonSerializer.Deserialize<T>(json, RemoteSite.Json) ?? throw new JsonException();

    /// <summary>Never from the command line: others of the machine can read that.</summary>
    private static string Password() =>
        Console.IsInputRedirected
            ? Console.ReadLine() ?? ""
            : AnsiConsole.Prompt(new TextPrompt<string>("Password:").Secret('*').AllowEmpty());

    public sealed record Rows<T>([property: System.Text.Json.Serialization.JsonPropertyName("rows")] IReadOnlyList<T> Items, string? Next);
}
