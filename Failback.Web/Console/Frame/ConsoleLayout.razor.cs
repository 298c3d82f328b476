using Failback.Saga;
using Microsoft.JSInterop;
using MudBlazor;

namespace Failback.Web;

public partial class ConsoleLayout
{
    private bool _ready;
    private MendingBoundary? _boundary;
    private MendingBoundary? _dialogs;
    private MudDialogProvider? _open;

    private ConsoleWords Words => Viewer.Words;
    private string Here => Navigation.ToBaseRelativePath(Navigation.Uri).Split('#')[0];
    private string OtherLanguage => ConsoleWords.Languages.First(x => x != Words.Language);
    private string MenuName => Viewer.SignedIn ? $"{ShownName.Shortened(Viewer.Asker.Name)}, {Words.Frame.Theme}" : Words.Frame.Theme;

    private IEnumerable<(string Theme, string Name)> Themes =>
        [("light", Words.Frame.Light), ("dark", Words.Frame.Dark), ("system", Words.Frame.System)];

    protected override void OnInitialized() => Viewer.Moved += OnMoved;

    protected override void OnParametersSet() => _boundary?.Recover();

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender)
            return;
        try
        {
            Viewer.MoveTo(await Browser.InvokeAsync<string?>("failback.zone"));
        }
        catch (Exception gone) when (gone is JSException or JSDisconnectedException or TaskCanceledException)
        {
            // Times are in UTC then, and the page says so.
        }
        _ready = true;
        StateHasChanged();
    }

    /// <summary>Who may not read any more is left nothing to read.</summary>
    private void OnMoved() =>
        _ = InvokeAsync(() =>
        {
            if (!Viewer.May(AskRights.ReadLog))
                _open?.DismissAll();
            StateHasChanged();
        });

    private void Reload() => Navigation.Refresh(forceReload: true);

    public void Dispose()
    {
        Viewer.Moved -= OnMoved;
        GC.SuppressFinalize(this);
    }
}
