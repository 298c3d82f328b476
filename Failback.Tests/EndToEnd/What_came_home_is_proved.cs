using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Failback.Messages;

namespace Failback.Tests;

/// <summary><c>failback verify</c> and <c>failback check</c> as processes: after a failback with reference recorders over HTTP.</summary>
[Covers("D7", "F6", "I1", "I2", "T25")]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class What_came_home_is_proved
{
    private const int Items = 30;

    [Fact]
    public async Task a_signed_report_proves_it_and_whatever_changes_afterwards_is_found()
    {
        await using var site = await WholeSite.OpenAsync();
        var entry = await site.CopyingAsync(["cam-1", "cam-2"], Items);
        await site.EntryAsync(entry, "the copy ended", x => x.MaterialCopy == MaterialCopyStatus.Succeeded);
        var (report, page, secret, open) = (
            site.File("report.json"),
            site.File("report.html"),
            site.File("failback.key"),
            site.File("failback.pub")
        );
        var (keys, signature) = CommandsOfTheDocument() switch
        {
            [var first, var second] => (first, second),
            var blocks => throw new InvalidOperationException($"docs/evidence.md has {blocks.Count} blocks of commands instead of 2"),
        };
        await RunAsync(site.Folder, keys);

        var verified = await site.ProveAsync("verify", $"{entry}", "--report", report, "--page", page, "--key", secret, "--json");

        Assert.Equal(0, verified.Code);
        var outcome = JsonDocument.Parse(verified.Output).RootElement;
        Assert.True(outcome.GetProperty("whole").GetBoolean());
        Assert.Equal(2 * Items, outcome.GetProperty("items").GetProperty("Copied").GetInt32());
        Assert.Equal(0, outcome.GetProperty("items").GetProperty("Missing").GetInt32());
        Assert.True(File.Exists(page + ".sig"));
        Assert.Contains("Verified OK", await RunAsync(site.Folder, signature));

        string[] check = ["check", report, "--public-key", open, "--recorder", site["recorder-1"].Address];
        Assert.Contains("holds exactly what it says", (await site.ProveAsync(check)).Output);

        await AlteredIsRefusedAsync(site, report, open);

        var nobody = await site.ProveAsync("verify", $"{Guid.NewGuid()}");
        Assert.Equal(1, nobody.Code);
        Assert.Contains("no such entry", nobody.Output);

        FlipInPacks(site.File("recorder-1"), "cam-1, item 5");
        var found = await site.ProveAsync(check);
        Assert.Equal(1, found.Code);
        Assert.Contains("damaged: video of cam-1", found.Output);
        var again = await site.ProveAsync("verify", $"{entry}", "--json");
        Assert.Equal(1, again.Code);
        Assert.Equal(1, JsonDocument.Parse(again.Output).RootElement.GetProperty("items").GetProperty("DamagedAtRecorder").GetInt32());
    }

    [Fact]
    public async Task a_period_that_was_inherited_is_proved_with_it_and_by_itself()
    {
        await using var site = await WholeSite.OpenAsync();
        site["recorder-1"].Recorder.SetRole(Recorders.LiveRole.Broken, recording: false);
        var now = TimeProvider.System.GetUtcNow();
        var start = new DateTimeOffset(now.AddMinutes(-3).UtcTicks / 10_000_000 * 10_000_000, TimeSpan.Zero);
        var (older, newer) = (await FailedOverAsync("failover-1", start), await FailedOverAsync("failover-2", start.AddMinutes(1)));
        await site.AskAsync(newer);
        await site.EntryAsync(newer, "the copy ended", x => x.MaterialCopy == MaterialCopyStatus.Succeeded);
        await site.EntryAsync(older, "it is closed with the newer one", x => x.InheritedBy == newer);

        Assert.Equal((0, 2 * Items), await CopiedAsync(newer));
        Assert.Equal((0, Items), await CopiedAsync(older));

        FlipInPacks(site.File("recorder-1"), "failover-1, item 5");
        Assert.Equal((1, (2 * Items) - 1), await CopiedAsync(newer));
        Assert.Equal((1, Items - 1), await CopiedAsync(older));

        async Task<Guid> FailedOverAsync(string server, DateTimeOffset from)
        {
            var entry = await site.FailOverAsync(server, from);
            await site[server].RecordAsync("cam-1", from, Items, server);
            return entry;
        }

        async Task<(int Code, int Copied)> CopiedAsync(Guid entry)
        {
            var (code, output) = await site.ProveAsync("verify", $"{entry}", "--json");
            return (code, JsonDocument.Parse(output).RootElement.GetProperty("items").GetProperty("Copied").GetInt32());
        }
    }

    [Fact]
    public async Task what_was_damaged_at_the_source_is_named_and_not_called_home()
    {
        await using var site = await WholeSite.OpenAsync("--Failback:Copy:MaxTries=1");
        site["recorder-1"].Recorder.SetRole(Recorders.LiveRole.Broken, recording: false);
        var start = new DateTimeOffset(TimeProvider.System.GetUtcNow().AddMinutes(-2).UtcTicks / 10_000_000 * 10_000_000, TimeSpan.Zero);
        var entry = await site.FailOverAsync("failover-1", start);
        await site["failover-1"].RecordAsync("cam-1", start, Items, "cam-1");
        FlipInPacks(site.File("failover-1"), "cam-1, item 7");
        await site.AskAsync(entry);
        await site.EntryAsync(entry, "the copy ended", x => x.MaterialCopy == MaterialCopyStatus.Partial);

        var verified = await site.ProveAsync("verify", $"{entry}");

        Assert.Equal(1, verified.Code);
        Assert.Contains($"damaged at the source: video of cam-1 {start.AddSeconds(7):yyyy-MM-ddTHH:mm:ss}", verified.Output);
        Assert.Contains("NOT everything is home", verified.Output);
    }

    /// <summary>Nothing was recorded, or the disk is another one: the copy has nothing to do, and nobody calls that home.</summary>
    [Fact]
    public async Task a_failover_server_that_lists_nothing_is_named_and_nothing_is_called_home()
    {
        await using var site = await WholeSite.OpenAsync();
        site["recorder-1"].Recorder.SetRole(Recorders.LiveRole.Broken, recording: false);
        var start = new DateTimeOffset(TimeProvider.System.GetUtcNow().AddMinutes(-2).UtcTicks / 10_000_000 * 10_000_000, TimeSpan.Zero);
        var entry = await site.FailOverAsync("failover-1", start);
        await site.AskAsync(entry);
        await site.EntryAsync(entry, "the copy ended", x => x.MaterialCopy == MaterialCopyStatus.Partial);

        var verified = await site.ProveAsync("verify", $"{entry}", "--report", site.File("nothing.json"));

        Assert.Equal(1, verified.Code);
        Assert.Contains("failover-1 lists nothing of the period ", verified.Output);
        Assert.Contains("NOT everything is home", verified.Output);
        Assert.Contains("lists nothing of the period", (await site.ProveAsync("check", site.File("nothing.json"))).Output);
        var told = JsonDocument.Parse((await site.ProveAsync("verify", $"{entry}", "--json")).Output).RootElement;
        Assert.Equal("failover-1", told.GetProperty("silent")[0].GetProperty("sourceRecorderId").GetString());
        Assert.False(told.GetProperty("whole").GetBoolean());
    }

    [Theory]
    [InlineData("verify", "ENTRY")]
    [InlineData("verify not-an-id", "ENTRY")]
    [InlineData("verify 11111111-1111-1111-1111-111111111111 --key k.pem", "--report")]
    [InlineData("verify 11111111-1111-1111-1111-111111111111 --language sv", "--language")]
    [InlineData("verify 11111111-1111-1111-1111-111111111111 --public-key k", "--public-key: unknown")]
    [InlineData("check", "FILE")]
    [InlineData("check a.json b.json", "b.json: unknown")]
    [InlineData("check a.json --recorder nowhere", "--recorder")]
    [InlineData("check a.json --recorder=http://127.0.0.1:1", "--recorder=http://127.0.0.1:1: unknown")]
    [InlineData("verify 11111111-1111-1111-1111-111111111111 --report a.json --page a.json", "different files")]
    [InlineData("verify 11111111-1111-1111-1111-111111111111 --report none/a.json", "none/a.json: must be in a folder")]
    [InlineData("check a.json --public-key none.pem", "--public-key: none.pem must be a public key")]
    public async Task a_wrong_command_is_refused_by_its_name(string command, string name)
    {
        await using var process = Processes.Start("Failback.Host", new Dictionary<string, string>(), command.Split(' '));
        Assert.Equal(2, await process.ExitAsync(TimeSpan.FromMinutes(2)));
        Assert.Contains(name, process.Output);
    }

    /// <summary>A digit of the report, of the page, or of the signature.</summary>
    private static async Task AlteredIsRefusedAsync(WholeSite site, string report, string open)
    {
        foreach (var (file, from, to) in new[] { (report, "\"held\": 30", "\"held\": 29"), (report, "\"Copied\": 30", "\"Copied\": 31") })
        {
            var altered = site.File("altered.json");
            var text = await File.ReadAllTextAsync(file);
            Assert.Contains(from, text);
            await File.WriteAllTextAsync(altered, text.Replace(from, to));
            File.Copy(report + ".sig", altered + ".sig", overwrite: true);
            var refused = await site.ProveAsync("check", altered, "--public-key", open);
            Assert.Equal(1, refused.Code);
            Assert.Contains("not signed with this key, or changed since", refused.Output);
        }
        // Whoever sends evidence may send anything beside it.
        var bloated = site.File("bloated.json");
        File.Copy(report, bloated);
        await using (var signature = File.Create(bloated + ".sig"))
            signature.SetLength(3L << 30);
        var huge = await site.ProveAsync("check", bloated, "--public-key", open);
        Assert.Equal(1, huge.Code);
        Assert.Contains("not signed with this key, or changed since", huge.Output);
        Assert.Equal(2, (await site.ProveAsync("check", report, "--public-key", bloated + ".sig")).Code);
        var (other, others) = (site.File("other.pem"), site.File("other.pub"));
        WriteKeys(other, others);
        Assert.Equal(1, (await site.ProveAsync("check", report, "--public-key", others)).Code);
        File.SetUnixFileMode(other, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var exposed = await site.ProveAsync("verify", $"{Guid.NewGuid()}", "--report", report, "--key", other);
        Assert.Equal(2, exposed.Code);
        Assert.Contains("chmod 600", exposed.Output);
    }

    private static List<string> CommandsOfTheDocument() =>
        [.. Repository.Read("docs/evidence.md").Split("```sh\n").Skip(1).Select(x => x[..x.IndexOf("```", StringComparison.Ordinal)])];

    private static async Task<string> RunAsync(string folder, string commands)
    {
        await using var shell = ChildProcess.Start("/usr/bin/env", ["bash", "-ec", $"cd '{folder}'\n{commands}"]);
        Assert.True(await shell.ExitAsync() == 0, shell.Output);
        return shell.Output;
    }

    private static void WriteKeys(string secret, string open)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(secret, key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(open, key.ExportSubjectPublicKeyInfoPem());
    }

    /// <summary>One bit of one recording, behind the recorder's back.</summary>
    internal static void FlipInPacks(string folder, string content)
    {
        var flipped = 0;
        foreach (var pack in Directory.GetFiles(Path.Combine(folder, "packs")))
        {
            var bytes = File.ReadAllBytes(pack);
            // The whole content: item 5 is the beginning of item 50's text.
            for (
                var at = -1;
                (at = bytes.AsSpan(at + 1).IndexOf(Encoding.UTF8.GetBytes(content)) is >= 0 and var next ? at + 1 + next : -1) >= 0;

            )
                if (at + content.Length == bytes.Length || !char.IsAsciiDigit((char)bytes[at + content.Length]))
                {
                    // The recorder has it open, too.
                    using var file = new FileStream(pack, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                    file.Position = at;
                    file.WriteByte((byte)(bytes[at] ^ 1));
                    flipped++;
                }
        }
        Assert.Equal(1, flipped);
    }
}
