using Failback.Messages;
using Failback.Recorders;
using Failback.Worker;

namespace Failback.Tests;

/// <summary>A failover server with a camera, a recorder, and who reads both.</summary>
public abstract class CoverageSpec
{
    internal static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);
    internal static readonly DateTimeOffset Noon = WorkerSite.Noon;

    internal readonly WorkerSite site = new();

    protected CoverageSpec() => site.FailoverServer.Channels.Add(new Channel("cam-7", "Front door", 7, [TrackKind.Video]));

    internal static CancellationToken Token => TestContext.Current.CancellationToken;

    internal CoverageReader Reader => new(site, site.Retries, site.Clock);

    internal void Home(ItemEntry item, string? from) =>
        site.Recorder.AddAs(WorkerSite.Video, item with { SourceRecorderId = from }, site.FailoverServer.BytesOf(WorkerSite.Video, item));

    internal static byte[] Flipped(byte[] bytes) => [.. bytes.Select((x, i) => i == 50 ? (byte)(x ^ 1) : x)];

    internal int MostFaults { get; set; } = int.MaxValue;

    /// <summary>Sources beside the failover server: other failovers of the recorder.</summary>
    internal List<CopySource> Inherited { get; } = [];

    /// <summary>Whatever is made can be read: none of the numbers that recorders bring about contradict each other.</summary>
    internal async Task<CoverageReport> ReadAsync(CoverageEvidence evidence = CoverageEvidence.Contents, params CountedTrack[] counted)
    {
        var report = await Reader.ReadAsync(
            new CoverageRequest(
                WorkerSite.Entry,
                WorkerSite.RecorderAt,
                [
                    new CopySource
                    {
                        EntryId = WorkerSite.Entry,
                        Source = WorkerSite.FailoverServerAt,
                        OriginRecorderId = "rec-1",
                        From = Noon,
                        To = Noon.AddMinutes(5),
                    },
                    .. Inherited,
                ],
                counted,
                evidence,
                MostFaults: MostFaults
            ),
            null,
            Token
        );
        Assert.Equal(report.ToJson(), CoverageReport.FromJson(report.ToJson()).ToJson());
        return report;
    }

    internal Task<IReadOnlyList<CoverageDifference>> CheckAsync(CoverageReport report) =>
        Reader.CheckAsync(report, WorkerSite.RecorderAt, null, Token);
}
