using System.Text.Json;
using Failback.Messages;
using Failback.Saga;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Failback.Tests.DoorsSpec;
using static Failback.Tests.DoorsTalk;

namespace Failback.Tests;

/// <summary>The address of the failed recorder in rows, in the log and in the checks, on both databases.</summary>
[NeedsServer]
[Covers("R42")]
public sealed class When_an_address_is_kept
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    public async Task the_log_and_the_checks_say_that_it_is_another_one_now(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var before = "http://10.0.0.7:5011/" + new string('a', 491);
        var moved = Entry("rec-1", 0) with { FailedRecorderAddress = before };
        var running = Entry("rec-1", 1) with { FailedRecorderAddress = before, Failback = FailbackStatus.Running };
        var stayed = Entry("rec-1", 2) with { FailedRecorderAddress = "http://127.0.0.1:1" };
        var (old, done) = (Entry("rec-1", 3), Entry("rec-1", 4, failedBack: true) with { FailedRecorderAddress = before });
        await spec.SaveAsync(Recorder("rec-1", RecorderRole.Broken), moved, running, stayed, old, done);

        var kept = (await spec.Store.RowsAsync<FailoverLogEntry>()).ToDictionary(x => x.EntryId, x => x.FailedRecorderAddress);
        Assert.Equal((512, before), (before.Length, kept[moved.EntryId]));
        Assert.Null(kept[old.EntryId]);

        var page = await spec.Read.LogPageAsync(new LogQuery(), Token);
        Assert.Equal(
            [null, null, null, null, new AddressChange(before, "http://127.0.0.1:1/rec-1")],
            page.Rows.Select(x => x.AddressChange)
        );
        Assert.Equal(FailbackReason.AddressChanged, await Reason(moved));
        Assert.Null(await Reason(stayed));
        Assert.Null(await Reason(old));

        async Task<FailbackReason?> Reason(FailoverLogEntry entry) =>
            (await spec.Read.ChecksAsync(entry.EntryId, Anna, Token))!.Single(x => x.Id == "R42").Reason;
    }

    [Theory, OnBothDatabases]
    public async Task its_column_may_be_empty_and_is_bounded(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        await using var scope = spec.Store.Services.CreateAsyncScope();
        var model = scope.ServiceProvider.GetRequiredService<FailbackDbContext>().Model;
        var column = model.FindEntityType(typeof(FailoverLogEntry))!.FindProperty(nameof(FailoverLogEntry.FailedRecorderAddress))!;
        Assert.Equal(("failed_recorder_address", true), (column.GetColumnName(), column.IsNullable));
        Assert.Equal(512, column.GetMaxLength());
    }

    [Theory, OnBothDatabases]
    [Covers("D14")]
    public async Task a_line_of_the_audit_that_is_kept_once_is_there_once(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var (once, line) = (Guid.NewGuid(), new Note("failback", "failback.start", "entry", "AddressChanged", "a -> b"));
        for (var i = 0; i < 3; i++)
            await spec.Store.RunAsync(line with { Once = once });
        await spec.Store.RunAsync(line with { Once = Guid.NewGuid() }, line);

        var rows = (await spec.Read.AuditAsync(new AuditQuery { Subject = "entry" }, Token)).Rows;
        Assert.Equal(3, rows.Count);
        var kept = Assert.Single(rows, x => x.AuditId == once);
        Assert.Equal(
            ("failback", "failback.start", "AddressChanged", "a -> b", TimeSpan.Zero),
            (kept.Who, kept.What, kept.Outcome, kept.Detail, kept.At.Offset)
        );
    }

    [Theory, OnBothDatabases]
    public async Task a_confirmation_goes_through_the_door_as_it_was_said(DatabaseKind kind)
    {
        await using var spec = await OpenAsync(kind);
        var (entry, key) = (await EntryAsync(spec), Guid.NewGuid());
        Assert.Equal("Accepted ", await SaidTo(key, "10.0.0.8:5011"));
        Assert.Equal("KeyReused Key", await SaidTo(key, "10.0.0.9:5011"));
        Assert.Equal("Invalid ConfirmedAddress", await SaidTo(Guid.NewGuid(), "http://user:secret@10.0.0.8:5011"));
        var sent = JsonDocument.Parse(Assert.Single(await spec.Store.RowsAsync<OutboxMessage>()).Body).RootElement.GetProperty("message");
        Assert.Equal("10.0.0.8:5011", sent.GetProperty("confirmedAddress").GetString());

        async Task<string> SaidTo(Guid under, string address)
        {
            var json = JsonSerializer.Serialize(
                new
                {
                    failedRecorderId = entry.FailedRecorderId,
                    entryId = entry.EntryId,
                    confirmedAddress = address,
                }
            );
            return Said(await spec.Ask.AskJsonAsync("manual-failback-requested", Bytes(json), under, Anna, Token));
        }
    }
}
