using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

[Covers("D9", "F10", "R36")]
public sealed class When_a_source_is_away : CopySpec
{
    [Fact]
    public async Task the_copy_waits_longer_each_time_and_goes_on_where_it_was_without_using_up_tries()
    {
        Worker.Answer = x => x.First ? ScriptedWorker.Whole(x) : ScriptedWorker.Not(x, CopyFailure.NoFailoverServerConnection);
        var entry = FailedBack();
        await StartAsync(entry);
        var waiting = await ReachesAsync(entry, CopyStates.WaitingForSource);
        Assert.Equal((FailoverServer, CopyFailure.NoFailoverServerConnection), (waiting.WaitingFor, waiting.Failure));
        Assert.Equal(MaterialCopyStatus.WaitingForSource, Memory.Entry(entry.EntryId)!.MaterialCopy);

        var waits = new List<TimeSpan> { waiting.AnswerDueAt!.Value - Time.GetUtcNow().UtcDateTime };
        for (var i = 2; i <= 6; i++)
        {
            await ElapseAsync(waits[^1] + TimeSpan.FromSeconds(1));
            var again = await Eventually.Get(
                "it waits again",
                () => Copy(entry),
                x => x is { CurrentState: CopyStates.WaitingForSource } && x.Tries == i
            );
            waits.Add(again!.AnswerDueAt!.Value - Time.GetUtcNow().UtcDateTime);
        }
        Assert.InRange(waits[0], TimeSpan.FromSeconds(24), TimeSpan.FromSeconds(30));
        Assert.InRange(waits[^1], TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5));

        var row = Assert.Single(Memory.Channels);
        Assert.Equal((0, Start.AddHours(1)), (row.Tries, row.Position));
        Worker.Slices.Clear();
        Worker.Answer = ScriptedWorker.Whole;
        await ElapseAsync(TimeSpan.FromMinutes(6));
        await ReachesAsync(entry, CopyStates.Succeeded);
        Assert.All(Worker.Slices, x => Assert.True(x.From.UtcDateTime >= Start.AddHours(1)));
        Assert.Equal(180, Memory.Channels[0].Expected);
    }

    [Fact]
    [Covers("R21")]
    public async Task it_goes_on_at_once_when_the_recorder_is_connected_again()
    {
        Worker.Answer = x => ScriptedWorker.Not(x, CopyFailure.NoRecorderConnection);
        var entry = FailedBack();
        await StartAsync(entry);
        Assert.Equal(Recorder, (await ReachesAsync(entry, CopyStates.WaitingForSource)).WaitingFor);
        Worker.Answer = ScriptedWorker.Whole;
        await Publish(new RecorderReconnected { RecorderId = Recorder, At = Time.GetUtcNow() });
        await ReachesAsync(entry, CopyStates.Succeeded);
    }

    [Fact]
    [Covers("R29")]
    public async Task it_goes_on_with_the_new_address_of_the_failover_server_and_an_older_one_is_not_taken()
    {
        Worker.Answer = x =>
            x.Source.AddressVersion == 5 ? ScriptedWorker.Whole(x) : ScriptedWorker.Not(x, CopyFailure.NoFailoverServerConnection);
        var entry = FailedBack();
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.WaitingForSource);
        await Publish(Address("http://127.0.0.1:5", 5));
        await ReachesAsync(entry, CopyStates.Succeeded);
        await Publish(Address("http://127.0.0.1:4", 4));
        await Publish(new UpdateFailoverTaskStates { RecorderId = Recorder });
        await SaysAsync<MaterialCopyProgressed>(x => x.Status == MaterialCopyStatus.Succeeded);
        Assert.Equal(
            ("http://127.0.0.1:5", 5),
            (Memory.Recorder(FailoverServer)!.Address, Memory.Recorder(FailoverServer)!.AddressVersion)
        );

        static UpdateClientInfo Address(string address, long version) =>
            new()
            {
                RecorderId = Recorder,
                FailoverServer = new()
                {
                    RecorderId = FailoverServer,
                    Address = address,
                    AddressVersion = version,
                },
            };
    }

    [Fact]
    [Covers("D6")]
    public async Task what_another_failover_server_holds_goes_on_meanwhile()
    {
        Known("fo-2");
        Worker.Answer = x =>
            x.Source.RecorderId == "fo-2" ? ScriptedWorker.Not(x, CopyFailure.NoFailoverServerConnection) : ScriptedWorker.Whole(x);
        var entry = FailedBack(hour: 10);
        FailedBack(server: "fo-2", hour: 2, inheritedBy: entry.EntryId);
        await StartAsync(entry);
        Assert.Equal("fo-2", (await ReachesAsync(entry, CopyStates.WaitingForSource)).WaitingFor);
        Assert.Equal([ChannelCopyStatus.Waiting, ChannelCopyStatus.Succeeded], Memory.Channels.Select(x => x.Status));
        Assert.Empty(Said<ReleaseHold>());
    }

    [Fact]
    public async Task a_plan_waits_too()
    {
        Worker.PlanAnswer = x =>
            new()
            {
                MaterialCopyId = x.MaterialCopyId,
                Epoch = x.Epoch,
                Failure = CopyFailure.NoFailoverServerConnection,
                FailedRecorderId = FailoverServer,
            };
        var entry = FailedBack();
        await StartAsync(entry);
        await ReachesAsync(entry, CopyStates.WaitingForSource);
        Worker.PlanAnswer = _ => null;
        await ElapseAsync(TimeSpan.FromSeconds(31));
        await ReachesAsync(entry, CopyStates.Succeeded);
    }

    [Fact]
    [Covers("F12")]
    public async Task a_full_recorder_is_waited_for_with_its_reason_not_stormed()
    {
        Worker.Answer = x => ScriptedWorker.Not(x, CopyFailure.RecorderFull);
        var entry = FailedBack();
        await StartAsync(entry);
        Assert.Equal(CopyFailure.RecorderFull, (await ReachesAsync(entry, CopyStates.WaitingForSource)).Failure);
        Assert.InRange(Worker.Slices.Count, 1, 2);
    }
}
