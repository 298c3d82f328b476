using Failback.Hosting;
using Failback.Saga;
using Failback.Web;

// The console and the API; any number of them on one PostgreSQL (DESIGN section 7).
return await FailbackHost.RunAsync(
    args,
    "failback-web",
    "http://127.0.0.1:5080",
    (services, configuration) =>
    {
        services.AddFailbackAsking(configuration);
        services.AddFailbackWeb(configuration);
    },
    app => app.MapFailbackWeb()
);
