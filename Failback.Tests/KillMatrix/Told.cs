using System.Collections.Concurrent;
using Failback.Messages;
using MassTransit;

namespace Failback.Tests;

/// <summary>The numbers of changes that a client heard of.</summary>
internal sealed class Told
{
    public ConcurrentDictionary<long, bool> Numbers { get; } = new();

    internal sealed class Consumer(Told told) : IConsumer<SystemChanged>
    {
        public Task Consume(ConsumeContext<SystemChanged> context)
        {
            told.Numbers[context.Message.Number] = true;
            return Task.CompletedTask;
        }
    }
}
