using System.Diagnostics;
using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using static Failback.Tests.WorkerSite;

namespace Failback.Tests;

/// <summary>Slices between recorders over HTTP while the network between them and the worker fails.</summary>
public sealed class When_connections_are_cut_while_copying : IAsyncLifetime
{
    private const int Items = 20;
    private const int ItemBytes = 50_000;
    private readonly TempFolder _folder = new();
    private readonly StoppableHost _lifetime = new();
    private readonly RecorderRegistry _registry = new(new RecordersOptions { StallSeconds = 1 }, TimeProvider.System);
    private readonly RecorderRegistry _patient = new(new RecordersOptions { StallSeconds = 30 }, TimeProvider.System);
    private ServedRecorder _source = null!;
    private ServedRecorder _target = null!;
    private FaultProxy _toSource = null!;
    private FaultProxy _toTarget = null!;
    private IReadOnlyList<ItemEntry> _recorded = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private SliceCopier Copier => CopierOf(_registry);

    private SliceCopier CopierOf(RecorderRegistry registry) =>
        new(
            registry,
            new Retries(Options.Create(new WorkerOptions { Tries = 1 }), TimeProvider.System),
            new Pulls(TimeProvider.System),
            new Brakes(TimeProvider.System),
            new Draining(_lifetime),
            TimeProvider.System,
            NullLogger<SliceCopier>.Instance
        );

    public async ValueTask InitializeAsync()
    {
        _source = await ServedRecorder.StartAsync("fo-1", _folder.File("source"));
        _target = await ServedRecorder.StartAsync("rec-1", _folder.File("target"));
        _toSource = FaultProxy.To(new Uri(_source.Address));
        _toTarget = FaultProxy.To(new Uri(_target.Address));
        _source.Recorder.SetRole(LiveRole.Recorder, true);
        var items = Enumerable
            .Range(0, Items)
            .Select(x => new RecordedItem(Noon.AddSeconds(10 * x), TimeSpan.FromSeconds(10), Bytes(x, ItemBytes)));
        _recorded = await _source.Recorder.RecordAsync(Video, items, Token);
    }

    public async ValueTask DisposeAsync()
    {
        _registry.Dispose();
        _patient.Dispose();
        await _toSource.DisposeAsync();
        await _toTarget.DisposeAsync();
        await _source.DisposeAsync();
        await _target.DisposeAsync();
        _lifetime.Dispose();
        _folder.Dispose();
    }

    [Fact]
    [Covers("F4", "I1", "I2")]
    public async Task an_answer_cut_at_any_byte_costs_time_and_never_an_item()
    {
        var watch = Stopwatch.StartNew();
        var cuts = Programme.Pick(24, 240);
        var (fired, reached, home) = (0, Noon, false);
        // A cut is seen at once; a slow machine is not taken for a stalled recorder.
        Task<SliceResult> Patient(DateTimeOffset from) => CopierOf(_patient).CopyAsync(Work(Here(from)), Token);
        for (var cut = 0; cut < cuts; cut++)
        {
            // Every other cut is at the target's small answers, the rest all over the source's, which are large until all is home.
            var (proxy, bytes) = cut % 2 == 0 ? (_toSource, 1 + (cut * 7_919L % (home ? 300 : 90_000))) : (_toTarget, cut * 37L % 900);
            proxy.ResetAll();
            proxy.Fault = ProxyFault.Truncate(bytes);
            var result = await Patient(reached);
            proxy.Fault = ProxyFault.None;
            proxy.ResetAll();
            if (result.Failure is { } failure)
            {
                fired++;
                // A status is short: where the cut lets it through, the machine is there, and what it was asked has failed.
                CopyFailure[] ofSide =
                    proxy == _toSource
                        ? [CopyFailure.NoFailoverServerConnection, CopyFailure.FailoverServerRefused]
                        : [CopyFailure.NoRecorderConnection, CopyFailure.RecorderRefused];
                Assert.Contains(failure, ofSide);
            }
            Assert.Empty(result.Missing);
            Assert.True(result.Reached >= reached, "progress went back");
            await TrueUpToAsync(reached = result.Reached);
            if (reached == End)
                (reached, home) = (Noon, true); // again: everything is there, and comparing it is cut
        }
        var last = await Patient(Noon);
        Assert.Equal((null, Items, End), (last.Failure, (int)last.Verified, last.Reached));
        await TrueUpToAsync(End);
        Assert.InRange(fired, cuts / 2, cuts);
        Figures.Say($"{fired} connections cut at as many places, {Items} of {Items} items equal, {watch.Elapsed.TotalSeconds:0.0} s");
    }

    [Fact]
    [Covers("F3")]
    public async Task a_source_that_freezes_is_given_up_in_time_and_others_go_on()
    {
        var watch = Stopwatch.StartNew();
        await using var other = FaultProxy.To(new Uri(_source.Address));
        _toSource.Fault = ProxyFault.Swallow;
        var frozen = CopyAsync(Noon);
        await Eventually.True("bytes are swallowed", () => _toSource.SwallowedBytes > 0);

        var goesOn = await Copier.CopyAsync(Work(Here(Noon) with { Source = At("fo-1", _source.Address, other) }), Token);

        Assert.Equal((null, End), (goesOn.Failure, goesOn.Reached));
        var gaveUp = await frozen;
        Assert.Equal((CopyFailure.FailoverServerStalled, Noon), (gaveUp.Failure, gaveUp.Reached));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(45));
        _toSource.Fault = ProxyFault.None;
        _toSource.ResetAll();
        Assert.Equal(End, (await CopyAsync(Noon)).Reached);
        await TrueUpToAsync(End);
        Figures.Say($"1 frozen source given up, {Items} of {Items} items of the other equal, {watch.Elapsed.TotalSeconds:0.0} s");
    }

    [Fact]
    [Covers("F3", "F4", "I1", "I2", "I3")]
    public async Task a_slow_network_that_resets_and_goes_half_open_delivers_everything_once()
    {
        var watch = Stopwatch.StartNew();
        var (failures, reached) = (new List<CopyFailure>(), Noon);
        _toSource.Fault = ProxyFault.Delay(TimeSpan.FromMilliseconds(5));
        var struck = 0;
        for (var n = 0; n < 6 && reached < End; n++)
        {
            var held = ProxyFault.Hold(2 * ItemBytes);
            _toTarget.Fault = held;
            var copying = CopyAsync(reached);
            await Eventually.True($"the write of round {n} is in the middle", () => held.Holds);
            _toTarget.Fault = n % 2 == 0 ? ProxyFault.Swallow : ProxyFault.None;
            if (n % 2 == 1)
                _toTarget.ResetAll();
            held.Release();
            struck++;
            var result = await copying;
            _toTarget.Fault = ProxyFault.None;
            _toTarget.ResetAll();
            if (result.Failure is { } failure)
                failures.Add(failure);
            Assert.Empty(result.Missing);
            Assert.True(result.Reached >= reached, "progress went back");
            await TrueUpToAsync(reached = result.Reached);
        }
        Assert.Equal(End, (await CopyAsync(Noon)).Reached);
        Assert.True(struck >= 2, "only one write was struck");
        Assert.Contains(CopyFailure.RecorderStalled, failures);
        Assert.Equal(_recorded.Select(x => (x.Start, x.Digest)), await HeldAsync());
        Figures.Say(
            $"{struck} writes struck in the middle, {failures.Count} answered so; {Items} of {Items} items equal, none twice, {watch.Elapsed.TotalSeconds:0.0} s"
        );
    }

    private static DateTimeOffset End => Noon.AddSeconds(10 * Items);

    private static RecorderAddress At(string id, string address, FaultProxy through) =>
        new() { RecorderId = id, Address = through.Through(new Uri(address)).ToString() };

    private CopyChannelData Here(DateTimeOffset from) =>
        Job(seconds: 10 * Items) with
        {
            Source = At("fo-1", _source.Address, _toSource),
            Target = At("rec-1", _target.Address, _toTarget),
            From = from,
        };

    private Task<SliceResult> CopyAsync(DateTimeOffset from) => Copier.CopyAsync(Work(Here(from)), Token);

    /// <summary>Whatever the target holds is what was recorded, and it lacks nothing before the time that was reached.</summary>
    private async Task TrueUpToAsync(DateTimeOffset reached)
    {
        var content = await HeldAsync();
        Assert.Equal(content.Count, content.DistinctBy(x => x.Start).Count());
        Assert.Empty(content.Except(_recorded.Select(x => (x.Start, x.Digest))));
        Assert.Empty(_recorded.Where(x => x.Start < reached).Select(x => (x.Start, x.Digest)).Except(content));
    }

    /// <summary>What the target has, its bytes read and reckoned anew.</summary>
    private async Task<List<(DateTimeOffset Start, string Digest)>> HeldAsync()
    {
        var held = await _target.Recorder.VerifyItemsAsync(new TrackPeriod(Video, Noon, End), null, 1_000, Token);
        return [.. held.Items.Select(x => (x.Start, x.Digest))];
    }
}
