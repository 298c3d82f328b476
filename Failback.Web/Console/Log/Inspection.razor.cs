using Failback.Messages;
using Failback.Saga;
using Microsoft.AspNetCore.Components;

namespace Failback.Web;

/// <summary>The dry run of a failback: both recorders are asked, nothing is changed.</summary>
public partial class Inspection : IDisposable
{
    /// <summary>Without a limit, the time is told for this.</summary>
    private const long AssumedBytesPerSecond = 100_000_000;
    private const int Looks = 240;
    private const int PageSize = 1_000;
    private const int Pages = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly CancellationTokenSource _gone = new();
    private RecordersInspected? _seen;
    private RecorderView? _recorder;
    private RecorderView? _server;
    private long? _rate;
    private string? _refused;
    private bool _late;
    private bool _asked;

    [Inject]
    internal IRead Read { get; set; } = null!;

    [Inject]
    internal IAsk Ask { get; set; } = null!;

    [Inject]
    internal ConsoleRequests Requests { get; set; } = null!;

    [Parameter, EditorRequired]
    public Guid EntryId { get; set; }

    [Parameter]
    public LogRow? Row { get; set; }

    private string Estimate =>
        _seen is { Bytes: > 0 } seen
            ? Words.Start.About(Written.About(TimeSpan.FromSeconds((double)seen.Bytes / Rate)), Written.Rate(Rate))
            : "–";

    private long Rate => Math.Max(1, _rate ?? AssumedBytesPerSecond);

    protected override async Task OnInitializedAsync()
    {
        var key = Guid.NewGuid();
        var began = Viewer.Time.GetTimestamp();
        try
        {
            for (var look = 0; look < Looks && _seen is null && _refused is null; look++)
            {
                await TryAsync(key, ask: !_asked);
                _late = Viewer.Time.GetElapsedTime(began) > Patience;
                StateHasChanged();
                if (_seen is null)
                    await Task.Delay(Pause, Viewer.Time, _gone.Token);
            }
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            // Closed.
        }
    }

    private async Task TryAsync(Guid key, bool ask)
    {
        try
        {
            if (ask)
            {
                var asked = await Ask.InspectAsync(EntryId, key, Viewer.Asker, _gone.Token);
                _asked = true;
                if (Requests.Refused(Words.Start.Live, asked) is { } refused)
                    _refused = refused.Detail;
            }
            if (await Read.InspectionAsync(key, Viewer.Asker, _gone.Token) is not { } seen)
                return;
            _recorder = await RecorderAsync(seen.Recorder.RecorderId);
            _server = await RecorderAsync(seen.FailoverServer.RecorderId);
            _rate = (await Read.CopyLimitsAsync(seen.Recorder.RecorderId, _gone.Token)).BytesPerSecondInForce;
            _seen = seen;
        }
        catch (Exception) when (!_gone.IsCancellationRequested)
        {
            // The database is away; it is asked again.
        }
    }

    /// <summary>Addresses are shown so that a person sees a recorder that moved (R42).</summary>
    private async Task<RecorderView?> RecorderAsync(string id)
    {
        string? after = null;
        for (var page = 0; page < Pages; page++)
        {
            var recorders = await Read.RecordersAsync(after, PageSize, _gone.Token);
            if (recorders.FirstOrDefault(x => x.RecorderId == id) is { } found)
                return found;
            if (recorders.Count < PageSize)
                break;
            after = recorders[^1].RecorderId;
        }
        return null;
    }

    public void Dispose()
    {
        _gone.Cancel();
        GC.SuppressFinalize(this);
    }
}
