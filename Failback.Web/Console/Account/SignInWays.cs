namespace Failback.Web;

/// <summary>What the page for signing in offers; registered by the room. Without it there is the form alone.</summary>
/// <param name="Local">Name and password of our own.</param>
/// <param name="Elsewhere">The organisation's sign-in, at <see cref="ConsolePages.ElsewherePath"/>.</param>
internal sealed record SignInWays(bool Local, bool Elsewhere);
