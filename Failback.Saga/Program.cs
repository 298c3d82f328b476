using Failback.Hosting;
using Failback.Saga;

// Decides and remembers; any number of them on one PostgreSQL and one RabbitMQ (DESIGN section 7).
return await FailbackHost.RunAsync(
    args,
    "failback-saga",
    "http://127.0.0.1:5101",
    (services, configuration) =>
    {
        services.AddFailbackSaga(configuration);
        services.AddFailbackBus(configuration, bus => bus.AddSagaRoom());
    },
    app => app.MapFailbackSaga()
);
