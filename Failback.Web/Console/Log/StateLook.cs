using MudBlazor;

namespace Failback.Web;

/// <summary>How a state is seen: a tone, an icon and a word, so that none of them has to be told by colour alone.</summary>
internal sealed record StateLook(string Tone, string Icon, string Word)
{
    /// <summary>Of failover, failback, copy or a copy's channel, by name.</summary>
    public static StateLook Of(string? state, StateWords words) =>
        state switch
        {
            "None" => new("none", Icons.Material.Rounded.RadioButtonUnchecked, words.NotStarted),
            "Running" => new("run", Icons.Material.Rounded.Autorenew, words.Running),
            "Succeeded" => new("ok", Icons.Material.Rounded.CheckCircle, words.Succeeded),
            "Failed" => new("bad", Icons.Material.Rounded.Error, words.Failed),
            "Queued" => new("wait", Icons.Material.Rounded.Schedule, words.Queued),
            "Planning" => new("run", Icons.Material.Rounded.ManageSearch, words.Planning),
            "WaitingForSource" => new("wait", Icons.Material.Rounded.HourglassTop, words.WaitingForSource),
            "Copying" => new("run", Icons.Material.Rounded.Downloading, words.Copying),
            "Paused" => new("wait", Icons.Material.Rounded.PauseCircle, words.Paused),
            "Partial" => new("bad", Icons.Material.Rounded.ReportProblem, words.Partial),
            "Doubted" => new("bad", Icons.Material.Rounded.GppMaybe, words.Doubted),
            "Canceled" => new("none", Icons.Material.Rounded.Cancel, words.Canceled),
            "Waiting" => new("wait", Icons.Material.Rounded.Schedule, words.Waiting),
            _ => new("bad", Icons.Material.Rounded.HelpOutline, words.Unknown),
        };

    public static StateLook OfRole(string? role, StateWords words) =>
        role switch
        {
            "Recorder" => new("ok", Icons.Material.Rounded.Videocam, words.RoleRecorder),
            "FailoverServer" => new("none", Icons.Material.Rounded.Shield, words.RoleFailoverServer),
            "Broken" => new("bad", Icons.Material.Rounded.VideocamOff, words.RoleBroken),
            _ => new("bad", Icons.Material.Rounded.HelpOutline, words.Unknown),
        };

    public static StateLook OfConnection(bool connected, StateWords words) =>
        connected
            ? new("ok", Icons.Material.Rounded.Link, words.Connected)
            : new("bad", Icons.Material.Rounded.LinkOff, words.Disconnected);

    public static string OfHold(string hold, StateWords words) =>
        hold switch
        {
            "Placing" => words.HoldPlacing,
            "Held" => words.HoldHeld,
            "Releasing" => words.HoldReleasing,
            "Released" => words.HoldReleased,
            "None" => words.HoldNone,
            _ => words.Unknown,
        };
}
