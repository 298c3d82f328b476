using Failback.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Failback.Tests;

/// <summary>A client library that strands who waits for his turn on a broken channel: nobody waits there.</summary>
[Covers("B2", "B15")]
public sealed class When_messages_are_published : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly PublishGate publishing;
    private readonly List<Call> calls = [];

    public When_messages_are_published() => publishing = new PublishGate(time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => publishing.Dispose();

    [Fact]
    public async Task the_first_of_each_type_goes_alone_and_the_others_at_once()
    {
        var firsts = new[] { Publish("A"), Publish("A"), Publish("B") };
        foreach (var number in Enumerable.Range(1, firsts.Length))
        {
            Assert.Equal(number, calls.Count);
            calls[^1].Confirm();
            await Eventually.Equal("ended", number, () => firsts.Count(x => x.IsCompletedSuccessfully));
            await Eventually.Equal("begun", Math.Min(number + 1, firsts.Length), () => calls.Count);
        }
        var next = new[] { Publish("A"), Publish("B"), Publish("A") };
        Assert.Equal(6, calls.Count);
        calls.ForEach(x => x.Confirm());
        await Task.WhenAll(next);
    }

    [Fact]
    public async Task after_a_failure_they_go_alone_again()
    {
        var first = Publish("A");
        calls[0].Confirm();
        await first;
        var failing = Publish("A");
        calls[1].Fail();
        await Assert.ThrowsAsync<IOException>(() => failing);

        _ = Publish("A");
        _ = Publish("A");
        Assert.Equal(3, calls.Count);
    }

    [Fact]
    public async Task one_that_never_ends_is_given_up_and_the_next_one_has_its_turn()
    {
        var (stuck, next) = (Publish("A"), Publish("B"));
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(stuck.IsCompleted);
        Assert.Single(calls);
        time.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stuck);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);

        var later = Publish("B");
        calls[^1].Confirm();
        await later;
    }

    [Fact]
    public async Task its_silence_is_from_the_first_to_the_last_failure_since_a_success()
    {
        await FailAsync();
        Assert.Equal(TimeSpan.Zero, publishing.SilentFor);
        time.Advance(TimeSpan.FromSeconds(40));
        await FailAsync();
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.FromSeconds(40), publishing.SilentFor);

        var success = Publish("A");
        calls[^1].Confirm();
        await success;
        Assert.Equal(TimeSpan.Zero, publishing.SilentFor);
    }

    private async Task FailAsync()
    {
        var failing = Publish("A");
        calls[^1].Fail();
        await Assert.ThrowsAsync<IOException>(() => failing);
    }

    private Task Publish(string type) =>
        publishing.PublishAsync(
            type,
            _ =>
            {
                var call = new Call();
                calls.Add(call);
                return call.Ended;
            },
            Token
        );

    private sealed class Call
    {
        private readonly TaskCompletionSource ended = new();

        public Task Ended => ended.Task;

        public void Confirm() => ended.TrySetResult();

        public void Fail() => ended.TrySetException(new IOException("the connection broke"));
    }
}
