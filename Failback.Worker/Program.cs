using Failback.Hosting;
using Failback.Worker;

// A worker of its own: bus and documents elsewhere, any number of them (DESIGN section 7).
return await FailbackHost.RunAsync(
    args,
    "failback-worker",
    "http://127.0.0.1:5102",
    (services, configuration) =>
    {
        services.AddHttpDocuments(configuration);
        services.AddFailbackWorker(configuration);
        services.AddFailbackBus(configuration, bus => bus.AddWorkerConsumers());
    }
);
