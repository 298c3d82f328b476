namespace Failback.Benchmarks;

/// <summary>Ours.</summary>
internal sealed class Relay(Workload workload) : Contender(workload), IAsyncDisposable
{
    public override string Name => Names.Ours;
    public override bool Durable => true;
    public override bool Verified => true;
    public override string? Missing => "being built";

    public static Task<Relay> StartAsync(Workload workload, int rounds, CancellationToken token) => Task.FromResult(new Relay(workload));

    public override Task RunAsync(int round, CancellationToken token) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
