using System.Reflection;
using Failback.Hosting;
using MassTransit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;
using RefusedException = RabbitMQ.Client.Exceptions.PublishException;

namespace Failback.Tests;

/// <summary>A channel may go on asking a node that is dead; another connection has other channels.</summary>
[Covers("B3")]
public sealed class When_the_broker_refuses_messages
{
    private readonly FakeTimeProvider time = new();
    private readonly Connection connection = Connection.Open();
    private readonly RefusedPublishes refused;

    public When_the_broker_refuses_messages() =>
        refused = new(time, NullLogger<RefusedPublishes>.Instance) { Connection = connection.Itself };

    [Fact]
    public async Task a_new_connection_is_made_when_it_goes_on_for_three_seconds()
    {
        await RefuseAsync();
        await RefuseAsync(after: 2);
        Assert.Equal(0, connection.Ends);

        await RefuseAsync(after: 1);

        Assert.Equal(1, connection.Ends);
    }

    [Fact]
    public async Task a_message_that_was_taken_ends_it()
    {
        await RefuseAsync();
        await TakeAsync<string>();
        await RefuseAsync(after: 10);

        Assert.Equal(0, connection.Ends);
    }

    [Fact]
    public async Task one_that_was_refused_long_ago_does_not_count()
    {
        await RefuseAsync();
        await RefuseAsync(after: 120);
        Assert.Equal(0, connection.Ends);
        await RefuseAsync(after: 119);
        Assert.Equal(1, connection.Ends);
    }

    [Fact]
    public async Task that_others_are_taken_does_not()
    {
        await RefuseAsync();
        await TakeAsync<Uri>();
        await RefuseAsync(after: 3);

        Assert.Equal(1, connection.Ends);
    }

    [Fact]
    [Covers("I16")]
    public async Task what_did_not_help_is_tried_less_and_less_often_until_one_is_taken()
    {
        await RefuseAsync();
        var ends = new List<int>();
        for (var second = 1; second <= 3 + 12 + 48 + 192; second++)
        {
            refused.Connection = connection.Itself;
            await RefuseAsync(after: 1);
            if (connection.Ends > ends.Count)
                ends.Add(second);
        }
        Assert.Equal([3, 15, 63, 255], ends);

        refused.Connection = connection.Itself;
        await TakeAsync<string>();
        await RefuseAsync();
        await RefuseAsync(after: 3);
        Assert.Equal(5, connection.Ends);
    }

    [Fact]
    public async Task other_faults_and_a_connection_that_is_closed_are_left_to_the_library()
    {
        await refused.SendFault(Of<string>(), new RabbitMqConnectionException("gone", new IOException()));
        time.Advance(TimeSpan.FromSeconds(10));
        await refused.SendFault(Of<string>(), new RabbitMqConnectionException("gone", new IOException()));
        Assert.Equal(0, connection.Ends);

        await RefuseAsync();
        connection.IsOpen = false;
        await RefuseAsync(after: 10);
        Assert.Equal(0, connection.Ends);
    }

    [Fact]
    public async Task a_connection_that_was_lost_is_made_again_after_an_election()
    {
        var settling = refused.SettleAsync();
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.False(settling.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        await settling;

        Assert.True(refused.SettleAsync().IsCompleted, "it waits for each try");
    }

    [Fact]
    public async Task a_connection_that_was_left_is_made_again_at_once()
    {
        await RefuseAsync();
        await RefuseAsync(after: 3);
        Assert.True(refused.SettleAsync().IsCompleted);
    }

    private Task RefuseAsync(int after = 0)
    {
        time.Advance(TimeSpan.FromSeconds(after));
        return refused.SendFault(Of<string>(), new RabbitMqConnectionException("not taken", new RefusedException(1, false)));
    }

    private Task TakeAsync<T>()
        where T : class => refused.PostSend(Of<T>());

    private static SendContext<T> Of<T>()
        where T : class => null!; // it is not looked at

    /// <summary>Of a connection only this is asked.</summary>
    public class Connection : DispatchProxy
    {
        public IConnection Itself { get; private set; } = null!;
        public bool IsOpen { get; set; } = true;
        public int Ends { get; private set; }

        public static Connection Open()
        {
            var itself = Create<IConnection, Connection>();
            var connection = (Connection)(object)itself;
            connection.Itself = itself;
            return connection;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == "get_IsOpen")
                return IsOpen;
            Assert.Equal("CloseAsync", targetMethod.Name);
            Ends++;
            return Task.CompletedTask;
        }
    }
}
