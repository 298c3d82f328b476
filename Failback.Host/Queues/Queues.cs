using System.Text.Json;
using Failback.Hosting;
using Failback.Saga;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Failback.Host;

/// <summary><c>failback queues</c>: messages that nobody could handle, in the hands of people.</summary>
internal sealed partial class Queues(QueuesOptions options, IServiceProvider services, TimeProvider time)
{
    private const int NotDone = 1;
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    public static int Help()
    {
        Console.WriteLine(QueuesOptions.Usage);
        return 0;
    }

    /// <returns>0 when it was done, 1 when something was not, 2 when the command or the configuration is wrong.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var (options, wrong) = QueuesOptions.Parse(args);
        if (options is null)
            return await Command.RefuseAsync(wrong);
        try
        {
            // It names the queues that its rooms would consume, and knows the audit trail.
            await using var app = Command.Build("failback-queues", options.Settings);
            if (BusRoom.BusAddress(app.Configuration) is not { } address)
                return await Command.RefuseAsync([
                    "ConnectionStrings:Bus: needs the broker's address; a bus in memory has no queues to look into. list asks the API with --server ADDRESS",
                ]);
            using var stop = Command.UntilCtrlC();
            return await new Queues(options, app.Services, TimeProvider.System).RunAsync(address, stop.Token);
        }
        catch (WrongConfigurationException lines)
        {
            return await Command.RefuseAsync(lines.Lines);
        }
    }

    private async Task<int> RunAsync(Uri address, CancellationToken token)
    {
        try
        {
            var factory = new ConnectionFactory
            {
                Uri = address,
                ClientProvidedName = "failback queues",
                AutomaticRecoveryEnabled = false,
                RequestedConnectionTimeout = AnswerWithin,
                ContinuationTimeout = AnswerWithin,
            };
            await using var connection = await factory.CreateConnectionAsync(token);
            var queues = new PeopleQueues(connection, AnswerWithin);
            return options.Command switch
            {
                QueuesCommand.List => await ListAsync(queues, token),
                _ when await queues.CountAsync(options.Queue, token) is null => await MissingAsync(),
                QueuesCommand.Show => await ShowAsync(queues, token),
                QueuesCommand.Replay => Tell("replayed", await queues.ReplayAsync(options.Queue, options.MessageId, token)),
                _ => Tell("discarded", await queues.DiscardAsync(options.Queue, options.MessageId, x => NoteAsync(x, token), token)),
            };
        }
        catch (Exception fault) when (fault is not WrongConfigurationException)
        {
            // Addresses are in messages of faults, and passwords in addresses.
            await Console.Error.WriteLineAsync(
                fault is BrokerUnreachableException
                    ? "The broker is not reached; nothing was done."
                    : $"Not finished: {fault.GetBaseException().GetType().Name}. What was not done is in the queue still."
            );
            return NotDone;
        }
    }

    private async Task<int> MissingAsync()
    {
        await Console.Error.WriteLineAsync($"{options.Queue}: there is no such queue; nothing ever came to it");
        return NotDone;
    }

    private async Task<int> ListAsync(PeopleQueues queues, CancellationToken token)
    {
        var found = await queues.ListAsync(BusRoom.OwnQueuesOf(services), token);
        var now = time.GetUtcNow();
        double? Age(PeopleQueue x) => x.Oldest is { } oldest ? Math.Max(0, Math.Round((now - oldest).TotalSeconds)) : null;
        if (options.Json)
            WriteJson(
                new
                {
                    queues = found.Select(x => new
                    {
                        queue = x.Name,
                        x.Messages,
                        x.Oldest,
                        oldestAgeSeconds = Age(x),
                    }),
                }
            );
        else
            foreach (var x in found.OrderByDescending(x => x.Messages))
                Console.WriteLine(
                    $"{x.Messages, 8}  {x.Name}{(Age(x) is { } seconds ? $"  (oldest {TimeSpan.FromSeconds(seconds):d\\.hh\\:mm\\:ss})" : "")}"
                );
        return 0;
    }

    private async Task<int> ShowAsync(PeopleQueues queues, CancellationToken token)
    {
        var shown = await queues.ShowAsync(options.Queue, options.Limit, token);
        if (options.Json)
        {
            WriteJson(new { options.Queue, messages = shown });
            return 0;
        }
        foreach (var x in shown)
        {
            Console.WriteLine($"message  {x.Id}  {x.Bytes} bytes  {x.At?.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}");
            Console.WriteLine($"type     {Printable.Line(x.Type)}");
            Console.WriteLine($"because  {Printable.Line(x.Reason)}: {Printable.Line(x.Detail)}");
            Console.WriteLine($"from     {Printable.Line(x.From)}");
            Console.WriteLine(x.Body);
            Console.WriteLine();
        }
        Console.WriteLine($"{shown.Count} shown, of {await queues.CountAsync(options.Queue, token) ?? 0} or more in {options.Queue}");
        return 0;
    }

    private int Tell(string what, Moved moved)
    {
        if (options.Json)
            WriteJson(
                new
                {
                    options.Queue,
                    done = moved.Done.Select(x => x.Id),
                    left = moved.Left.Select(x => new { x.Message.Id, x.Why }),
                    moved.Remaining,
                }
            );
        else
        {
            foreach (var x in moved.Done)
                Console.WriteLine($"{what} {x.Id} {Printable.Line(x.Type)}");
            foreach (var (message, why) in moved.Left)
                Console.WriteLine($"left {message.Id}: {why}");
            Console.WriteLine($"{moved.Done.Count} {what}, {moved.Left.Count} left, {moved.Remaining} in {options.Queue}");
        }
        var none = options.MessageId is not null && moved.Done.Count == 0;
        if (none && moved.Left.Count == 0)
            Console.Error.WriteLine($"{options.MessageId}: not among the first {PeopleQueues.MostAtOnce} messages of {options.Queue}");
        return none || moved.Left.Count > 0 ? NotDone : 0;
    }

    /// <summary>Before the message is gone: at worst the audit trail tells of one that is there still.</summary>
    private async Task NoteAsync(QueuedMessage message, CancellationToken token)
    {
        var who = Printable.Line($"{Environment.UserName}@{Environment.MachineName}", 100);
        var detail = $"{options.Reason} ({Printable.Line(message.Type, 100)}, {message.Bytes} bytes, sha256 {message.Digest})";
        if (string.IsNullOrWhiteSpace(services.GetRequiredService<IConfiguration>().GetConnectionString("Database")))
            LogDiscarded(services.GetRequiredService<ILogger<Queues>>(), message.Id, options.Queue, who, detail);
        else
            await services
                .GetRequiredService<IAuditTrail>()
                .NoteAsync(who, "queues.discard", $"{options.Queue}/{message.Id}", "Accepted", detail, token);
    }

    private static void WriteJson(object value) => Console.WriteLine(JsonSerializer.Serialize(value, JsonSerializerOptions.Web));

    [LoggerMessage(5001, LogLevel.Warning, "Message {MessageId} of {Queue} was discarded by {Who}: {Detail}")]
    private static partial void LogDiscarded(ILogger logger, string messageId, string queue, string who, string detail);
}
