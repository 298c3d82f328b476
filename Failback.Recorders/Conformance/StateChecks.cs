using static Failback.Recorders.ConformanceNeeds;
using static Failback.Recorders.ConformanceRun;

namespace Failback.Recorders;

/// <summary>Status and settings.</summary>
internal static class StateChecks
{
    public static readonly IReadOnlyList<ConformanceCheck> All =
    [
        new("The_status_names_the_recorder_and_never_changes_its_name", "E10 R42", None, StatusAsync),
        new("Settings_come_back_byte_for_byte", "R12 E9", None, SettingsComeBackAsync),
        new("Putting_the_same_settings_again_changes_nothing", "R12 I7", None, SameSettingsAsync),
        new("New_settings_replace_the_old_as_a_whole", "R12 E9", None, ReplacedSettingsAsync),
        new(
            "Settings_of_another_format_are_incompatible_and_change_nothing",
            "D18",
            None,
            x => IncompatibleAsync(x, y => y with { Format = "another/9" })
        ),
        new(
            "Settings_of_another_major_version_are_incompatible",
            "D18",
            None,
            x => IncompatibleAsync(x, y => y with { SoftwareVersion = "987.0.0" })
        ),
        new(
            "Settings_naming_a_missing_storage_are_incompatible",
            "D18",
            None,
            x => IncompatibleAsync(x, y => y with { Storages = ["no-such-storage"] })
        ),
        new(
            "Settings_naming_a_missing_driver_are_incompatible",
            "D18",
            None,
            x => IncompatibleAsync(x, y => y with { Drivers = ["no-such-driver"] })
        ),
        new("Settings_of_another_minor_version_are_taken", "D18", None, MinorVersionAsync),
        new("Settings_that_are_no_settings_are_refused", "T15", None, NonsenseAsync),
        new("An_older_attempt_puts_nothing", "I14 F2", None, StalePutAsync),
        new("An_attempt_of_another_entry_is_not_older", "I14", None, OtherEntryAsync),
        new("The_attempts_of_the_last_64_entries_are_remembered", "I14", None, ManyEntriesAsync),
    ];

    private static async Task StatusAsync(ConformanceRun run)
    {
        var first = await run.Recorder.GetStatusAsync(run.Token);
        var second = await run.Recorder.GetStatusAsync(run.Token);
        True(first.RecorderId.Length is > 0 and <= Limits.RecorderIdCharacters, "the recorder has an id");
        Equal(first.RecorderId, second.RecorderId, "the id");
        Equal(TimeSpan.Zero, first.Time.Offset, "the offset of its clock from UTC");
        True(second.Time >= first.Time, "its clock does not go back");
        True(Version.TryParse(first.Version, out _), "its version is major.minor.patch");
        True(first.SettingsFormat.Length > 0, "it names its settings format");
        True(Enum.IsDefined(first.Role), "its role is known");
    }

    private static async Task SettingsComeBackAsync(ConformanceRun run)
    {
        var settings = new RecorderSettings(await run.SettingsAsync("äö\u2028 'quoted'"));
        var digest = await run.Recorder.PutSettingsAsync(settings, run.Attempt(1), run.Token);
        Equal(settings.Digest, digest, "the digest read back");
        var back = await run.Recorder.GetSettingsAsync(run.Token);
        True(back is not null && back.Bytes.Span.SequenceEqual(settings.Bytes.Span), "the settings are the bytes that were put");
        await run.Recorder.ReleaseAsync(run.Attempt(1), run.Token);
    }

    private static async Task SameSettingsAsync(ConformanceRun run)
    {
        var first = await run.PutAsync("same", 1);
        await run.Recorder.ActivateAsync(run.Attempt(1), run.Token);
        Equal(first, await run.PutAsync("same", 1), "the digest");
        var status = await run.Recorder.GetStatusAsync(run.Token);
        True(status is { Role: LiveRole.Recorder, Recording: true }, "it records on as before");
        await run.Recorder.ReleaseAsync(run.Attempt(1), run.Token);
    }

    private static async Task ReplacedSettingsAsync(ConformanceRun run)
    {
        await run.PutAsync(new string('x', 100_000), 1);
        var second = await run.PutAsync("short", 2);
        Equal(second, (await run.Recorder.GetSettingsAsync(run.Token))?.Digest, "the digest of the settings");
        await run.Recorder.ReleaseAsync(run.Attempt(2), run.Token);
    }

    private static async Task IncompatibleAsync(ConformanceRun run, Func<SettingsDocument, SettingsDocument> change)
    {
        var good = await run.PutAsync("good", 1);
        var settings = new RecorderSettings(await run.SettingsAsync("bad", change));
        await FaultAsync(
            RecorderFault.Incompatible,
            () => run.Recorder.PutSettingsAsync(settings, run.Attempt(2), run.Token),
            "incompatible settings"
        );
        Equal(good, (await run.Recorder.GetSettingsAsync(run.Token))?.Digest, "the digest of the settings before");
        await run.Recorder.ReleaseAsync(run.Attempt(2), run.Token);
    }

    private static async Task MinorVersionAsync(ConformanceRun run)
    {
        var settings = new RecorderSettings(
            await run.SettingsAsync("minor", x => x with { SoftwareVersion = x.SoftwareVersion.Split('.')[0] + ".987.6" })
        );
        Equal(settings.Digest, await run.Recorder.PutSettingsAsync(settings, run.Attempt(1), run.Token), "the digest");
        await run.Recorder.ReleaseAsync(run.Attempt(1), run.Token);
    }

    private static async Task NonsenseAsync(ConformanceRun run)
    {
        foreach (var text in (string[])["", "null", "[]", "{}", "{\"format\":1", "\0\0"])
        {
            var settings = new RecorderSettings(System.Text.Encoding.UTF8.GetBytes(text));
            await FaultAsync(
                RecorderFault.BadRequest,
                () => run.Recorder.PutSettingsAsync(settings, run.Attempt(1), run.Token),
                $"settings '{text}'"
            );
        }
    }

    private static async Task StalePutAsync(ConformanceRun run)
    {
        var newer = await run.PutAsync("newer", 5);
        await FaultAsync(RecorderFault.StaleAttempt, () => run.PutAsync("older", 4), "an older attempt");
        Equal(newer, (await run.Recorder.GetSettingsAsync(run.Token))?.Digest, "the digest of the newer settings");
        Equal(run.Attempt(5), (await run.Recorder.GetStatusAsync(run.Token)).LastAttempt, "the last attempt of the status");
        await run.Recorder.ReleaseAsync(run.Attempt(5), run.Token);
    }

    private static async Task OtherEntryAsync(ConformanceRun run)
    {
        await run.PutAsync("one", 7);
        var settings = new RecorderSettings(await run.SettingsAsync("other"));
        var other = new RestoreAttempt(Guid.NewGuid(), 1);
        Equal(settings.Digest, await run.Recorder.PutSettingsAsync(settings, other, run.Token), "the digest");
        await run.Recorder.ReleaseAsync(other, run.Token);
    }

    private static async Task ManyEntriesAsync(ConformanceRun run)
    {
        var settings = new RecorderSettings(await run.SettingsAsync("many"));
        var attempts = Enumerable.Range(0, 64).Select(_ => new RestoreAttempt(Guid.NewGuid(), 2)).ToList();
        foreach (var attempt in attempts)
            await run.Recorder.PutSettingsAsync(settings, attempt, run.Token);
        foreach (var attempt in attempts)
        {
            var older = attempt with { Attempt = 1 };
            await FaultAsync(
                RecorderFault.StaleAttempt,
                () => run.Recorder.ReleaseAsync(older, run.Token),
                "an older attempt of a remembered entry"
            );
        }
        await run.Recorder.ReleaseAsync(attempts[^1], run.Token);
    }
}
