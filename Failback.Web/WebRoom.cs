using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Web;

/// <summary>The door of the console and the HTTP API: they use the saga's doors, Read and Ask, and hold no state.</summary>
public static class WebRoom
{
    /// <summary>Console, API, sign-in and live news; options of <c>Failback:Web</c> are checked at start.</summary>
    public static IServiceCollection AddFailbackWeb(this IServiceCollection services, IConfiguration configuration)
    {
        return services;
    }

    /// <summary>Middleware and endpoints, after those of the host.</summary>
    public static void MapFailbackWeb(this WebApplication app) { }
}
