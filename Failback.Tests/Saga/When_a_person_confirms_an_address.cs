using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>From the controller's word that a recorder moved to a failback that a person let start.</summary>
[Covers("R42")]
public sealed class When_a_person_confirms_an_address : IAsyncLifetime
{
    private readonly SqliteFile _file = new();
    private SagaProcess _saga = null!;
    private FailbackSpec _spec = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _saga = await SagaProcess.StartAsync(_file.ConnectionString);
        _spec = new FailbackSpec(_saga);
    }

    public async ValueTask DisposeAsync()
    {
        await _saga.DisposeAsync();
        _file.Dispose();
    }

    [Fact]
    [Covers("R21", "D14")]
    public async Task it_waits_for_that_and_then_succeeds()
    {
        await _spec.SiteAsync();
        var entry = await BeganAsync();
        await MovedAsync("http://10.0.0.8:5011", 2);
        await _saga.TellAsync(FailbackSpec.Failover(entry));
        await Eventually.Equal("the period is held", "Held", async () => (await _saga.Read.EntryAsync(entry, Token))?.Hold);
        await _spec.ComesBackAsync();
        await Eventually.True("the audit says why it waits", async () => (await WaitsAsync(entry)).Count > 0);

        var rejected = await _spec.RejectedAsync(await _spec.AskAsync(entry));
        Assert.Equal(FailbackReason.AddressChanged, rejected.Reason);
        Assert.Equal(("http://127.0.0.1:1/rec-1", "http://10.0.0.8:5011"), (rejected.AddressAtFailover, rejected.AddressNow));
        await MovedAsync("http://10.0.0.9:5011", 3);
        rejected = await _spec.RejectedAsync(await _spec.AskAsync(entry, confirmed: "10.0.0.8:5011"));
        Assert.Equal((FailbackReason.AddressChanged, "http://10.0.0.9:5011"), (rejected.Reason, rejected.AddressNow));
        Assert.Equal("None", (await _saga.Read.EntryAsync(entry, Token))!.Failback);

        await _spec.AskAsync(entry, confirmed: "10.0.0.9:5011");
        await _spec.BecomesAsync(entry, "Succeeded");
        Assert.Equal("http://10.0.0.9:5011", Assert.Single(_spec.Worker.Heard<RestoreRecorder>()).Recorder.Address);
        Assert.Null((await _saga.Read.LogRowAsync(entry, Token))!.AddressChange);
        var waits = await WaitsAsync(entry);
        Assert.Equal(waits.Count, waits.Select(x => x.Detail).Distinct().Count());
    }

    private async Task<Guid> BeganAsync()
    {
        var entry = Guid.NewGuid();
        await _saga.TellAsync(
            new FailoverStarted
            {
                EntryId = entry,
                FailedRecorderId = "rec-1",
                FailoverServerId = "fo-1",
                StartedAt = FailbackSpec.Morning,
            }
        );
        await Eventually.True("the entry is there", async () => await _saga.Read.EntryAsync(entry, Token) is not null);
        return entry;
    }

    private async Task MovedAsync(string address, long version)
    {
        await _saga.TellAsync(_spec.Configured("rec-1") with { Address = address, AddressVersion = version });
        await Eventually.Equal("its address", address, async () => (await _saga.In(x => x.RecorderAsync("rec-1", Token)))?.Address);
    }

    /// <summary>What the audit says of failbacks that did not start by themselves.</summary>
    private async Task<IReadOnlyList<AuditView>> WaitsAsync(Guid entry) =>
        [
            .. (await _saga.Read.AuditAsync(new AuditQuery { Subject = entry.ToString() }, Token)).Rows.Where(x =>
                x is { Who: "failback", Outcome: "AddressChanged" }
            ),
        ];
}
