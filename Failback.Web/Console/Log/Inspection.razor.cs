using Failback.Messages;
using Failback.Saga;
using Microsoft.AspNetCore.Components;

namespace Failback.Web;

/// <summary>The dry run of a failback: both recorders are asked, nothing is changed.</summary>
public partial class Inspection : IDisposable
{
    /// <summary>Without a limit the time is told for this, and called an assumption.</summary>
    private const long AssumedBytesPerSecond = 100_000_000;
    private static readonly TimeSpan LongestEstimate = TimeSpan.FromDays(365);
    private const int Looks = 240;
    private const int PageSize = 1_000;
    private const int Pages = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly CancellationTokenSource _gone = new();
    private RecordersInspected? _seen;
    private RecorderView? _recorder;
    private RecorderView? _server;
    private CopyLimitsView? _limits;
    private string? _refused;
    private bool _late;
    private bool _asked;
    private bool _looking;

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

    /// <summary>Told whether a failback would be refused, as far as this one knows.</summary>
    [Parameter]
    public EventCallback<bool> OnSeen { get; set; }

    /// <summary>Another machine than the meant one answers (R42), or one of them says that it would fail.</summary>
    private bool IsRefused =>
        _refused is not null
        || _seen is { } seen && (seen.Reason is not null || IsStranger(seen.Recorder) || IsStranger(seen.FailoverServer));

    private bool IsAssumed => _limits?.BytesPerSecondInForce is null;

    protected override Task OnInitializedAsync() => InspectAsync();

    /// <summary>How long a copy would take at the speed in force; of hours in which nothing is copied it knows nothing.</summary>
    internal static string EstimateOf(long bytes, long? bytesPerSecond, Written written, StartWords words)
    {
        if (bytes <= 0)
            return "–";
        var rate = Math.Max(1, bytesPerSecond ?? AssumedBytesPerSecond);
        var seconds = (double)bytes / rate;
        return seconds < LongestEstimate.TotalSeconds
            ? words.About(written.About(TimeSpan.FromSeconds(seconds)), written.Rate(rate))
            : words.Over(written.About(LongestEstimate), written.Rate(rate));
    }

    private static bool IsStranger(RecorderInspection said) => said is { Reachable: true, IdentityMatches: false };

    private async Task InspectAsync()
    {
        if (_looking)
            return;
        (_looking, _asked, _late, _seen, _refused) = (true, false, false, null, null);
        var key = Guid.NewGuid();
        var began = Viewer.Time.GetTimestamp();
        try
        {
            for (var look = 0; look < Looks && _seen is null && _refused is null; look++)
            {
                await TryAsync(key, ask: !_asked);
                _late = Viewer.Time.GetElapsedTime(began) > Patience;
                StateHasChanged();
                if (_seen is null && _refused is null)
                    await Task.Delay(Pause, Viewer.Time, _gone.Token);
            }
            await OnSeen.InvokeAsync(IsRefused);
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            // Closed.
        }
        finally
        {
            _looking = false;
        }
    }

    private async Task TryAsync(Guid key, bool ask)
    {
        if (!Viewer.May(AskRights.StartFailback) || !Viewer.May(AskRights.ReadLog))
            return;
        try
        {
            if (ask)
            {
                var asked = await Ask.InspectAsync(EntryId, key, Viewer.Asker, _gone.Token);
                _asked = true;
                if (Requests.Refused(Words.Start.Live, asked) is { } refused)
                {
                    _refused = refused.Detail;
                    return;
                }
            }
            if (await Read.InspectionAsync(key, Viewer.Asker, _gone.Token) is not { } seen)
                return;
            _recorder = await RecorderAsync(seen.Recorder.RecorderId);
            _server = await RecorderAsync(seen.FailoverServer.RecorderId);
            _limits = await Read.CopyLimitsAsync(seen.Recorder.RecorderId, _gone.Token);
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
