using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>A repaired recorder keeps its address; another one is confirmed by a person, and by nobody else.</summary>
[Covers("R42")]
public sealed class When_a_recorder_has_another_address
{
    private const string Before = "http://10.0.0.7:5011";
    private const string Present = "http://10.0.0.8:5011";
    private readonly Site _site = new();

    [Theory]
    [InlineData("http://10.0.0.7:5011", "http://10.0.0.7:5011/", true)]
    [InlineData("http://10.0.0.7:5011", "http://10.0.0.8:5011", false)]
    [InlineData("http://10.0.0.7:5011", "http://10.0.0.7:5012", false)]
    [InlineData("http://Recorder.Example:5011", "https://recorder.example:5011/api", true)]
    [InlineData("http://10.0.0.7:5011", "10.0.0.7:5011", true)]
    [InlineData("http://LOCALHOST:5011", "localhost:5011", true)]
    [InlineData("http://10.0.0.7", "10.0.0.7:80", true)]
    [InlineData("http://10.0.0.7", "https://10.0.0.7", false)]
    [InlineData("http://[::1]:5011", "[::1]:5011", true)]
    [InlineData("http://h:5011", "H:5011", true)]
    [InlineData("onvif://gate", "onvif://GATE", true)]
    [InlineData("onvif://gate", "gate:80", false)]
    [InlineData("", "", true)]
    [InlineData("", "10.0.0.7:5011", false)]
    public void addresses_are_the_same_by_host_and_port(string one, string other, bool same)
    {
        Assert.Equal(same, Addresses.AreSame(one, other));
        Assert.Equal(same, Addresses.AreSame(other, one));
    }

    [Fact]
    public void an_entry_keeps_the_address_that_was_known_when_it_was_made()
    {
        var told = new FailoverStarted
        {
            EntryId = Guid.NewGuid(),
            FailedRecorderId = Site.Recorder,
            FailoverServerId = Site.Server,
            StartedAt = Site.Start.ToWire(),
        };
        var failed = _site[Site.Recorder]! with { Address = Before };
        var moved = failed with { Address = Present };
        var began = FailoverEntries.Started(told, failed, _site.Now);
        Assert.Equal(Before, began.FailedRecorderAddress);
        Assert.Null(FailoverEntries.Started(told, null, _site.Now).FailedRecorderAddress);
        Assert.Equal(Before, Ended(began, moved));
        Assert.Equal(Present, Ended(null, moved));
        Assert.Null(Ended(null, null));

        string? Ended(FailoverLogEntry? known, Recorder? recorder) =>
            FailoverEntries
                .Completed(known, FailbackSpec.Failover(told.EntryId), [], recorder, null, _site.Now)
                .OfType<Save>()
                .Select(x => x.Row)
                .OfType<FailoverLogEntry>()
                .Single()
                .FailedRecorderAddress;
    }

    [Fact]
    [Covers("D14")]
    public void who_confirms_nothing_is_refused_and_told_both_addresses()
    {
        var entry = Moved();
        var before = _site.Rows();
        var note = Assert.Single(Ask().Effects.OfType<Note>());
        Assert.Equal(before, _site.Rows());
        var rejected = _site.Last<FailbackRejected>();
        Assert.Equal((FailbackReason.AddressChanged, entry), (rejected.Reason, rejected.EntryId!.Value));
        Assert.Equal((Before, Present), (rejected.AddressAtFailover, rejected.AddressNow));
        Assert.Equal(("anna", "AddressChanged", $"rec-1, {Before} -> {Present}"), (note.Who, note.Outcome, note.Detail));
    }

    [Fact]
    [Covers("D14")]
    public void who_confirms_the_present_address_starts_it_and_stands_in_the_audit()
    {
        var entry = Moved();
        var note = Assert.Single(Ask("10.0.0.8:5011").Effects.OfType<Note>());
        Assert.Equal(FailbackStatus.Running, _site.Entry(entry).Failback);
        Assert.Equal(Present, _site.Last<RestoreRecorder>().Recorder.Address);
        Assert.Equal(("anna", "Accepted", $"address confirmed: rec-1, {Before} -> {Present}"), (note.Who, note.Outcome, note.Detail));
        Assert.Equal(Before, _site.Entry(entry).FailedRecorderAddress);
    }

    [Theory]
    [InlineData(Before, "http://10.0.0.9:5011")]
    [InlineData(Before, Before)]
    [InlineData(null, "http://10.0.0.9:5011")]
    public void who_confirms_an_address_that_it_has_no_more_is_refused(string? before, string now)
    {
        Moved(before, now);
        Ask(Present);
        var rejected = _site.Last<FailbackRejected>();
        Assert.Equal(FailbackReason.AddressChanged, rejected.Reason);
        Assert.Equal((before, now), (rejected.AddressAtFailover, rejected.AddressNow));
        Assert.Empty(_site.All<RestoreRecorder>());
    }

    [Theory]
    [InlineData(null, Present)]
    [InlineData(Before, "http://10.0.0.7:5011/")]
    public void nothing_is_to_be_confirmed_when_it_is_the_same_or_was_not_known(string? before, string now)
    {
        Moved(before, now);
        Ask();
        Assert.Single(_site.All<RestoreRecorder>());
    }

    [Fact]
    [Covers("R18", "R8")]
    public void another_refusal_names_no_address()
    {
        var entry = Moved();
        _site.Ask(entry, "guard");
        Assert.Equal((FailbackReason.Forbidden, null), (_site.Last<FailbackRejected>().Reason, _site.Last<FailbackRejected>().AddressNow));
        _site.Licence = new Licence();
        Ask();
        Assert.Equal((FailbackReason.NoLicence, null), (_site.Last<FailbackRejected>().Reason, _site.Last<FailbackRejected>().AddressNow));
    }

    [Fact]
    [Covers("D11", "D14", "R21")]
    public void a_failback_that_would_start_by_itself_waits_and_the_audit_says_why_once()
    {
        var entry = Moved();
        var before = _site.Rows();
        var note = Swept();
        Assert.Equal(before, _site.Rows());
        Assert.Equal(
            (Rights.OwnRole, Rights.StartFailback, entry.ToString(), "AddressChanged", $"rec-1, {Before} -> {Present}"),
            (note.Who, note.What, note.Subject, note.Outcome, note.Detail)
        );
        Assert.NotNull(note.Once);
        Assert.Equal(note.Once, Swept().Once);
        _site.Set(Site.Recorder, x => x with { Address = "http://10.0.0.9:5011" });
        Assert.NotEqual(note.Once, Swept().Once);
        _site.Set(Site.Recorder, x => x with { Address = Before });
        _site.Sweep();
        Assert.Equal(entry, Assert.Single(_site.All<RestoreRecorder>()).EntryId);

        Note Swept() => Assert.IsType<Note>(Assert.Single(_site.Sweep().Effects));
    }

    [Fact]
    public void what_people_are_shown_has_the_check_with_its_outcome()
    {
        var entry = Moved();
        Assert.Equal(new FailbackCheck("R42", FailbackReason.AddressChanged), Shown());
        _site.Set(Site.Recorder, x => x with { Address = Before });
        Assert.Equal(new FailbackCheck("R42", null), Shown());

        FailbackCheck Shown() => FailbackChecks.OfManualStart(["operator"], _site.Entry(entry), _site.Facts()).Last();
    }

    /// <summary>A failover of a recorder at one address, which is at another one now.</summary>
    private Guid Moved(string? before = Before, string now = Present)
    {
        var entry = _site.Failover();
        _site.Set(entry, x => x with { FailedRecorderAddress = before });
        _site.Set(Site.Recorder, x => x with { Address = now });
        return entry;
    }

    private FailbackDecision Ask(string? confirmed = null) =>
        _site.Hear(
            new ManualFailbackRequested
            {
                RequestId = Guid.NewGuid(),
                FailedRecorderId = Site.Recorder,
                RequestedBy = "anna",
                Roles = ["operator"],
                ConfirmedAddress = confirmed,
            }
        );
}
