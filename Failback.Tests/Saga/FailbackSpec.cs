using Failback.Messages;
using MassTransit;

namespace Failback.Tests;

/// <summary>What the specs of failbacks share: a site of a failed recorder and its failover servers, told by the controller.</summary>
internal sealed class FailbackSpec(SagaProcess saga)
{
    public static readonly DateTimeOffset Morning = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);
    private long version;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public IBus Bus => saga.Bus;
    public ObedientWorker Worker => saga.Worker;

    /// <summary>The controller knows the site: a recorder and two failover servers, licence on.</summary>
    public async Task SiteAsync(bool automatic = true)
    {
        await Bus.Publish(new LicenceChanged { FailoverEnabled = true, Version = ++version });
        foreach (var id in new[] { "rec-1", "fo-1", "fo-2" })
            await Bus.Publish(Configured(id, automatic));
        await Eventually.Equal("recorders known", 3, async () => (await saga.Read.RecordersAsync(null, 10, Token)).Count);
    }

    public RecorderConfigured Configured(string id, bool automatic = true) =>
        new()
        {
            RecorderId = id,
            Version = ++version,
            Name = id,
            Address = $"http://127.0.0.1:1/{id}",
            AddressVersion = 1,
            FailoverServer = id.StartsWith("fo", StringComparison.Ordinal),
            AutomaticFailback = automatic,
        };

    public static FailoverCompleted Failover(Guid entry, string recorder = "rec-1", string server = "fo-1", int hour = 0) =>
        new()
        {
            EntryId = entry,
            FailedRecorderId = recorder,
            FailoverServerId = server,
            StartedAt = Morning.AddHours(hour),
            CompletedAt = Morning.AddHours(hour).AddMinutes(1),
            Succeeded = true,
        };

    /// <summary>A failover that succeeded, and its hold.</summary>
    public async Task<Guid> FailoverAsync(string server = "fo-1", int hour = 0)
    {
        var entry = Guid.NewGuid();
        await Bus.Publish(Failover(entry, server: server, hour: hour));
        await Eventually.Equal("the period is held", "Held", async () => (await saga.Read.EntryAsync(entry, Token))?.Hold);
        return entry;
    }

    public Task ComesBackAsync(int hour = 5) => Bus.Publish(new RecorderReconnected { RecorderId = "rec-1", At = Morning.AddHours(hour) });

    public async Task<Guid> AskAsync(Guid? entry = null, string role = "operator", string? confirmed = null)
    {
        var request = Guid.NewGuid();
        await Bus.Publish(
            new ManualFailbackRequested
            {
                RequestId = request,
                FailedRecorderId = "rec-1",
                EntryId = entry,
                RequestedBy = "anna",
                Roles = [role],
                ConfirmedAddress = confirmed,
            }
        );
        return request;
    }

    public Task BecomesAsync(Guid entry, string failback) =>
        Eventually.Equal("the failback", failback, async () => (await saga.Read.EntryAsync(entry, Token))?.Failback);

    public Task<FailbackRejected> RejectedAsync(Guid request) =>
        Eventually.Get(
            "the request is refused",
            () => Worker.Heard<FailbackRejected>().FirstOrDefault(x => x.RequestId == request)!,
            x => x is not null
        );

    public async Task<IReadOnlyList<string>> RolesAsync() =>
        [
            .. (await saga.Read.RecordersAsync(null, 10, Token))
                .OrderBy(x => x.RecorderId, StringComparer.Ordinal)
                .Select(x => $"{x.RecorderId} {x.Role}"),
        ];
}
