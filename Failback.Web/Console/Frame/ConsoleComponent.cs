using Microsoft.AspNetCore.Components;

namespace Failback.Web;

/// <summary>What every part of the console knows. Components are public because the Razor compiler makes them so; they are no door.</summary>
public abstract class ConsoleComponent : ComponentBase
{
    [Inject]
    internal Viewer Viewer { get; set; } = null!;

    private protected ConsoleWords Words => Viewer.Words;
    private protected Written Written => Viewer.Written;
}
