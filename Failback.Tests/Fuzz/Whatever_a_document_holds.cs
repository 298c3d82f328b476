using System.Text;
using System.Text.Json;
using Failback.Messages;
using Failback.Recorders;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>Documents that recorders and workers wrote, mutated: settings (E8) and plans of a material copy (F14).</summary>
[Covers("E8", "F14", "T15")]
public sealed class Whatever_a_document_holds
{
    private static readonly RecorderStatus Status = new()
    {
        RecorderId = "recorder-1",
        Name = "Etupiha",
        Role = LiveRole.Broken,
        Recording = false,
        Time = Items.Noon,
        Version = "9.2.0",
        SettingsFormat = "vms-9",
        Storages = ["D", "E"],
        Drivers = ["onvif"],
    };

    private static readonly Periods.Period[] Asked =
    [
        new(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), "fo-1", "rec-1", At(0), At(60)),
        new(new Guid(2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), "fo-2", "rec-1", At(-90), At(-30)),
    ];

    [Fact]
    public async Task settings_are_a_document_that_says_what_it_needs_or_none()
    {
        var good = JsonSerializer.Serialize(
            new
            {
                format = "vms-9",
                softwareVersion = "9.0.1",
                storages = new[] { "D" },
                drivers = new[] { "onvif" },
                password = FuzzRun.Canary,
                cameras = new[] { new { id = "cam-1", url = "rtsp://10.0.0.9" } },
            }
        );
        Assert.Null(SettingsDocument.Read(Encoding.UTF8.GetBytes(good))!.WhyIncompatible(Status));
        var run = new FuzzRun("settings documents", Programme.Pick(15_000, 100_000)) { Kept = FuzzCases.Settings };
        await run.RunAsync(
            x => Mutator.Json(good, x),
            input =>
            {
                if (SettingsDocument.Read(input) is not { } document)
                    return new FuzzOutcome("no document");
                Assert.True(document.Format.Length > 0 && document.SoftwareVersion.Length > 0);
                var lacking = document.WhyIncompatible(Status);
                Assert.True(lacking is null || lacking.Length <= 300 && !lacking.Any(char.IsControl), lacking);
                Assert.Equal(Fits(document), lacking is null);
                return new FuzzOutcome(lacking is null ? "fits" : "incompatible");
            }
        );
        Assert.True(run.Count("fits") > 0 && run.Count("incompatible") > 0);
        Figures.Say(run.ToString());
    }

    [Fact]
    public async Task a_plan_is_rows_within_what_was_asked_or_a_fault()
    {
        var good = JsonSerializer.Serialize(
            new CopyPlan { ChannelCopies = [.. Asked.SelectMany(x => new[] { Line(x, "cam-1"), Line(x, "cam-2") })] },
            JsonSerializerOptions.Web
        );
        var copy = Guid.NewGuid();
        var run = new FuzzRun("copy plans", Programme.Pick(12_000, 100_000)) { Kept = FuzzCases.Plans };
        await run.RunAsync(
            x => Mutator.Json(good, x),
            input =>
            {
                if (Planned(input) is not { } plan)
                    return new FuzzOutcome("no plan");
                if (CopyOrder.Fault(copy, plan, Asked) is { } fault)
                {
                    // A channel's name is meant to be said.
                    Assert.True(fault.Length <= 300 && !fault.Any(char.IsControl), fault);
                    return new FuzzOutcome("fault", fault.Contains(" of the plan is outside", StringComparison.Ordinal) ? "" : fault);
                }
                var rows = CopyOrder.Rows(copy, plan, [], PeriodOrder.OldestFirst);
                Assert.Equal(rows.Count, rows.Select(x => x.ChannelCopyId).Distinct().Count());
                Assert.All(rows, x => Assert.Contains(Asked, y => y.EntryId == x.EntryId && y.From <= x.From && x.To <= y.To));
                Assert.All(rows, x => Assert.True(x.Position >= x.From && x.Position <= x.To && x.PlannedItems >= 0));
                return new FuzzOutcome("rows");
            }
        );
        Assert.True(run.Count("rows") > 0 && run.Count("fault") > 0);
        Figures.Say(run.ToString());
    }

    private static bool Fits(SettingsDocument document) =>
        document.Format == "vms-9"
        && document.SoftwareVersion.Split('.')[0] == "9"
        && (document.Storages ?? []).All(x => x is "D" or "E")
        && (document.Drivers ?? []).All(x => x is "onvif");

    /// <summary>As the saga reads it; what is no plan is a plan that is missing.</summary>
    private static CopyPlan? Planned(byte[] input)
    {
        try
        {
            return JsonSerializer.Deserialize<CopyPlan>(input, JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static PlannedChannelCopy Line(Periods.Period period, string track) =>
        new()
        {
            EntryId = period.EntryId,
            SourceRecorderId = period.FailoverServerId,
            OriginRecorderId = period.OriginRecorderId,
            Kind = DataKind.Video,
            TrackId = track,
            From = period.From.ToWire(),
            To = period.To.ToWire(),
            Items = 5,
            Bytes = 500,
        };

    private static DateTime At(int minutes) => new DateTime(2026, 3, 29, 12, 0, 0, DateTimeKind.Utc).AddMinutes(minutes);
}
