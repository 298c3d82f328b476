using Failback.Hosting;
using MassTransit;

namespace Failback.Worker;

/// <summary>An answer leaves by publishing; silence leaves nothing.</summary>
internal sealed class Answers(PublishGate publishing)
{
    public async Task PublishAsync<T>(ConsumeContext context, Task<T?> answering)
        where T : class => await PublishAsync(context, await answering);

    public async Task PublishAsync<T>(ConsumeContext context, T? answer)
        where T : class
    {
        if (answer is null)
            return;
        KillPoint.Reached("answer.before-publish", typeof(T).Name);
        await SendAsync(context, answer);
        KillPoint.Reached("answer.after-publish", typeof(T).Name);
    }

    /// <summary>The answer of a slice, which has kill points of its own.</summary>
    public Task SendAsync<T>(ConsumeContext context, T answer)
        where T : class => publishing.PublishAsync(typeof(T).FullName!, x => context.Publish(answer, x), context.CancellationToken);
}
