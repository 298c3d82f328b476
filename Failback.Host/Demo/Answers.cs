using System.Collections.Concurrent;
using Failback.Messages;
using MassTransit;

namespace Failback.Host;

/// <summary>What came of a request; no reason means that it started.</summary>
internal sealed record Answer(Guid RequestId, string FailedRecorderId, Guid? EntryId, FailbackReason? Reason);

/// <summary>Listens, as a client of the bus does, for what becomes of the demo's manual requests.</summary>
internal sealed class Answers
{
    private readonly ConcurrentDictionary<Guid, (ManualFailbackRequested Request, TaskCompletionSource<Answer> Answer)> open = new();

    /// <summary>The answer to a request that is about to be sent.</summary>
    public async Task<Answer> To(ManualFailbackRequested request, CancellationToken token)
    {
        var answer = new TaskCompletionSource<Answer>(TaskCreationOptions.RunContinuationsAsynchronously);
        open[request.RequestId] = (request, answer);
        try
        {
            return await answer.Task.WaitAsync(token);
        }
        finally
        {
            open.TryRemove(request.RequestId, out _);
        }
    }

    public static void Listen(IBusRegistrationConfigurator bus) =>
        bus.AddConsumer<Listener>().Endpoint(x => (x.Name, x.Temporary) = ($"temporary-demo-{Environment.ProcessId}", true));

    private void Rejected(FailbackRejected rejected)
    {
        if (open.TryGetValue(rejected.RequestId, out var asked))
            asked.Answer.TrySetResult(new Answer(rejected.RequestId, rejected.FailedRecorderId, rejected.EntryId, rejected.Reason));
    }

    private void Started(FailbackStarted started)
    {
        foreach (var (request, answer) in open.Values.Where(x => x.Request.EntryId == started.EntryId))
            answer.TrySetResult(new Answer(request.RequestId, started.FailedRecorderId, started.EntryId, Reason: null));
    }

    internal sealed class Listener(Answers answers) : IConsumer<FailbackRejected>, IConsumer<FailbackStarted>
    {
        public Task Consume(ConsumeContext<FailbackRejected> context)
        {
            answers.Rejected(context.Message);
            return Task.CompletedTask;
        }

        public Task Consume(ConsumeContext<FailbackStarted> context)
        {
            answers.Started(context.Message);
            return Task.CompletedTask;
        }
    }
}
