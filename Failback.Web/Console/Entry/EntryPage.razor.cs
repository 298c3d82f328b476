using Failback.Saga;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace Failback.Web;

/// <summary>One failover: its story, what of each channel is home, where it comes from, and who did what.</summary>
public partial class EntryPage
{
    /// <summary>Channel copies that are read at a time.</summary>
    private const int Channels = 200;
    private const int AuditRows = 50;
    private static readonly TimeSpan Follow = TimeSpan.FromSeconds(2);
    private LogRow? _row;
    private List<ChannelCopyView> _channels = [];
    private IReadOnlyList<HomePeriodView> _periods = [];
    private IReadOnlyList<ReportView> _reports = [];
    private IReadOnlyList<AuditView> _audit = [];
    private SystemView? _system;

    /// <summary>Where each page of channel copies before the shown one ended: ordinals.</summary>
    private IReadOnlyList<int> _pages = [];
    private bool _more;
    private bool _following;
    private DateTimeOffset _followedAt;
    private Guid _shown;

    [Parameter]
    public Guid EntryId { get; set; }

    private LogEntryView Entry => _row!.Entry;
    private string FailedName => ShownName.NameOr(_row!.FailedRecorderName, Entry.FailedRecorderId);
    private string ServerName => ShownName.NameOr(_row!.FailoverServerName, Entry.FailoverServerId);
    private string TitleText => _row is null ? Words.Entry.Title : $"{ShownName.Shortened(FailedName)} · {Words.Entry.Title}";
    private protected override bool Moves => _row is { Entry.Finalised: false };

    private protected override async Task LoadAsync(CancellationToken token)
    {
        var id = EntryId;
        var row = await Read.LogRowAsync(id, token);
        if (row is not null && id == EntryId)
            await ReadChannelsAsync(row.Copy, token);
        var periods = row is null ? [] : await Read.PeriodsAsync(id, token);
        var reports = row is null ? [] : await Read.ReportsAsync(id, token);
        var audit = row is null ? [] : await ReadAuditAsync(row, token);
        var system = await Read.SystemAsync(token);
        // What is of one failover is never shown under another's name.
        if (id == EntryId)
            (_row, _periods, _reports, _audit, _system) = (row, periods, reports, audit, system);
    }

    /// <summary>A link to another failover keeps the page and changes what it is of.</summary>
    protected override Task OnParametersSetAsync()
    {
        if (_shown != EntryId)
            Forget();
        return base.OnParametersSetAsync();
    }

    private protected override void Forget()
    {
        base.Forget();
        (_shown, _pages, _more) = (EntryId, [], false);
        (_row, _channels, _periods, _reports, _audit) = (null, [], [], [], []);
    }

    private async Task ReadChannelsAsync(CopySummary? copy, CancellationToken token)
    {
        var (id, pages) = (EntryId, _pages);
        var found = copy is null
            ? []
            : await Read.ChannelCopiesAsync(copy.MaterialCopyId, pages.Count == 0 ? null : pages[^1], Channels + 1, token);
        if (id != EntryId)
            return;
        if (found.Count == 0 && pages.Count > 0)
        {
            // A new plan has fewer of them.
            _pages = [];
            await ReadChannelsAsync(copy, token);
            return;
        }
        // Somebody turned the page meanwhile: it is read for that.
        if (pages == _pages)
            (_channels, _more) = ([.. found.Take(Channels)], found.Count > Channels);
    }

    /// <summary>What was done to the entry and to its copy, newest first.</summary>
    private async Task<IReadOnlyList<AuditView>> ReadAuditAsync(LogRow row, CancellationToken token)
    {
        var ofEntry = await Read.AuditAsync(new AuditQuery { Subject = row.Entry.EntryId.ToString(), Limit = AuditRows }, token);
        if (row.Copy is not { } copy)
            return ofEntry.Rows;
        var ofCopy = await Read.AuditAsync(new AuditQuery { Subject = copy.MaterialCopyId.ToString(), Limit = AuditRows }, token);
        return [.. ofEntry.Rows.Concat(ofCopy.Rows).OrderByDescending(x => x.At).Take(AuditRows)];
    }

    private protected override void Take(IReadOnlyList<CopyNews> copies)
    {
        if (_row?.Copy is not { } copy || copies.FirstOrDefault(x => x.Copy.MaterialCopyId == copy.MaterialCopyId) is not { } news)
            return;
        _row = _row with { Copy = news.Copy };
        _ = FollowAsync(news.Copy);
    }

    /// <summary>Its channels moved too; periods and audit did not.</summary>
    private async Task FollowAsync(CopySummary copy)
    {
        if (_following || !MayRead || Viewer.Now - _followedAt < Follow)
            return;
        (_following, _followedAt) = (true, Viewer.Now);
        try
        {
            await ReadChannelsAsync(copy, Gone);
            StateHasChanged();
        }
        catch (Exception)
        {
            // The database is away: the next news, or the next change, reads them.
        }
        finally
        {
            _following = false;
        }
    }

    private async Task MoreAsync()
    {
        if (_channels.Count == 0)
            return;
        _pages = [.. _pages, _channels[^1].Ordinal];
        await ReadAsync();
    }

    private async Task BackAsync()
    {
        _pages = [.. _pages.SkipLast(1)];
        await ReadAsync();
    }

    private FetchWish Anything() =>
        new(_channels.Count > 0 ? _channels[0].Channel : null, Coverage.Whole(_channels)?.From, Coverage.Whole(_channels)?.To);

    private async Task FetchAsync(FetchWish? wish)
    {
        if (_row?.Copy is not { } copy)
            return;
        var parameters = new DialogParameters
        {
            ["MaterialCopyId"] = copy.MaterialCopyId,
            ["Channels"] = (IReadOnlyList<string>)[.. _channels.Select(x => x.Channel).Distinct()],
            ["Wish"] = wish ?? Anything(),
        };
        await Dialogs.ShowAsync<FetchDialog>(
            null,
            parameters,
            new DialogOptions
            {
                MaxWidth = MaxWidth.Small,
                FullWidth = true,
                CloseOnEscapeKey = true,
                BackdropClick = false,
            }
        );
    }
}

/// <summary>A period of a channel that somebody wants now. UTC, half open.</summary>
public sealed record FetchWish(string? Channel, DateTimeOffset? From, DateTimeOffset? To);
