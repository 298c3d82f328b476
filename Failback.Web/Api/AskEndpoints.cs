using System.Text.Json;
using Failback.Messages;
using Failback.Saga;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Failback.Web;

/// <summary>
/// What may be asked for: the saga's door <see cref="IAsk"/> over HTTP. An answer of 202 means that the request is committed and will be
/// decided; what became of it is at <c>/api/requests/{key}</c>.
/// </summary>
internal static class AskEndpoints
{
    /// <summary>What a controller says (SPEC section 6), by the name of the message.</summary>
    public static readonly IReadOnlyDictionary<string, Type> OfController = new[]
    {
        typeof(FailoverStarted),
        typeof(FailoverCompleted),
        typeof(RecorderConfigured),
        typeof(RecorderSnapshot),
        typeof(RecorderSettingsCached),
        typeof(RecorderReconnected),
        typeof(RecorderDisconnected),
        typeof(MaintenanceModeChanged),
        typeof(LicenceChanged),
        typeof(ReportChangesSince),
        typeof(UpdateClientInfo),
        typeof(UpdateFailoverTaskStates),
    }.ToDictionary(x => JsonNamingPolicy.KebabCaseLower.ConvertName(x.Name));

    public static void MapAsking(this IEndpointRouteBuilder api)
    {
        var entry = api.MapGroup("/log/{entryId:guid}").WithKey();
        entry
            .MapPost("/failback", FailbackAsync)
            .Needs(AskRights.StartFailback)
            .Takes<FailbackToStart>(optional: true)
            .WithSummary("Starts the failback of an entry (R44)");
        entry
            .MapPost("/cancel-failback", CancelFailbackAsync)
            .Needs(AskRights.StartFailback)
            .WithSummary("Cancels a failback before the failover server is released (D18)");
        entry
            .MapPost("/inspect", InspectAsync)
            .Needs(AskRights.StartFailback)
            .WithSummary("Dry run: has both recorders looked at; the answer is at /api/inspections/{key}");
        entry
            .MapPost("/copy", OrderCopyAsync)
            .Needs(AskRights.StartCopy)
            .Takes<CopyOrder>(optional: true)
            .WithSummary("Puts the material copy of an entry into the queue of its recorder (R28, R48)");

        var copy = api.MapGroup("/copies/{id:guid}").WithKey().Needs(AskRights.ControlCopy);
        copy.MapPost("/pause", (Guid id, Asking x) => x.OfCopyAsync("pause-material-copy", id)).WithSummary("Pauses a material copy");
        copy.MapPost("/resume", (Guid id, Asking x) => x.OfCopyAsync("resume-material-copy", id))
            .WithSummary("Goes on with a material copy that is paused or ended unfinished (R36)");
        copy.MapPost(
                "/channels/{channelCopyId:guid}/retry",
                (Guid id, Guid channelCopyId, Asking x) =>
                    x.OfBodyAsync("resume-material-copy", ("materialCopyId", id.ToString()), ("channelCopyId", channelCopyId.ToString()))
            )
            .WithSummary("Tries one given-up channel copy again (F15)");
        copy.MapPost("/cancel", (Guid id, Asking x) => x.OfCopyAsync("cancel-material-copy", id)).WithSummary("Gives a material copy up");
        copy.MapPost("/fetch", (Guid id, Asking x) => x.OfCopyAsync("fetch-period-now", id))
            .Takes<PeriodToFetch>()
            .WithSummary("Brings a period of one channel home before everything else (D13)");
        api.MapPost("/limits", (Asking x) => x.OfBodyAsync("set-copy-limits"))
            .WithKey()
            .Needs(AskRights.ControlCopy)
            .Takes<LimitsToSet>()
            .WithSummary("Sets what copying may take, of one recorder or of the site (D13)");

        foreach (var (name, type) in OfController)
            api.MapPost($"/controller/{name}", (Asking x) => x.OfControllerAsync(name))
                .WithKey()
                .Needs(AskRights.Controller)
                .Takes(type)
                .WithSummary($"{type.Name}, as a controller without AMQP says it");

        api.MapGet("/requests/{key:guid}", RequestAsync)
            .Needs(NeedsRightAttribute.Any)
            .WithSummary("What became of a request, for a week at least");
        api.MapGet("/inspections/{key:guid}", InspectionAsync)
            .Needs(AskRights.StartFailback)
            .WithSummary("What recorders answered to a dry run, for a day");
    }

    private static async Task<Results<Accepted<AskedAnswer>, ProblemHttpResult>> FailbackAsync(Guid entryId, Asking asking, IRead read)
    {
        const string message = "manual-failback-requested";
        if (!asking.IsAllowed)
            return await asking.OfBodyAsync(message, ("entryId", entryId.ToString()));
        return await read.EntryAsync(entryId, asking.Token) is { } entry
            ? await asking.OfBodyAsync(message, ("entryId", entryId.ToString()), ("failedRecorderId", entry.FailedRecorderId))
            : Problems.Result(new Problem(ProblemKind.NotFound));
    }

    private static async Task<Results<Accepted<AskedAnswer>, ProblemHttpResult>> CancelFailbackAsync(
        Guid entryId,
        Asking asking,
        IRead read
    )
    {
        const string message = "cancel-failback";
        if (!asking.IsAllowed)
            return await asking.OfBodyAsync(message);
        return await read.EntryAsync(entryId, asking.Token) is { } entry
            ? await asking.OfBodyAsync(message, ("failedRecorderId", entry.FailedRecorderId))
            : Problems.Result(new Problem(ProblemKind.NotFound));
    }

    private static Task<Results<Accepted<AskedAnswer>, ProblemHttpResult>> OrderCopyAsync(Guid entryId, Asking asking) =>
        asking.OfBodyAsync("start-data-copy", ("entryId", entryId.ToString()));

    private static async Task<Results<Accepted<AskedAnswer>, ProblemHttpResult>> InspectAsync(Guid entryId, Asking asking) =>
        Asking.Answer(await asking.Ask.InspectAsync(entryId, asking.Key, asking.Asker, asking.Token), $"/api/inspections/{asking.Key}");

    private static async Task<Results<Ok<RequestView>, ProblemHttpResult>> RequestAsync(
        Guid key,
        HttpContext context,
        IAsk ask,
        CancellationToken token
    )
    {
        var (request, asker) = (await ask.RequestAsync(key, token), context.User.ToAsker());
        // Who may not look may still see what became of his own.
        return request is not null && (request.AskedBy == asker.Name || ask.Allows(asker, AskRights.ReadLog))
            ? TypedResults.Ok(request)
            : Problems.Result(new Problem(ProblemKind.NotFound));
    }

    private static async Task<Results<Ok<RecordersInspected>, Accepted<PendingAnswer>, ProblemHttpResult>> InspectionAsync(
        Guid key,
        HttpContext context,
        IRead read,
        IAsk ask,
        CancellationToken token
    )
    {
        // The request first: an answer that comes in between is then found.
        if (await ask.RequestAsync(key, token) is not { Request: RequestView.Inspection } asked)
            return Problems.Result(new Problem(ProblemKind.NotFound));
        if (await read.InspectionAsync(key, context.User.ToAsker(), token) is { } inspection)
            return TypedResults.Ok(inspection);
        var pending = new PendingAnswer(key);
        return asked.Outcome == pending.Outcome
            ? TypedResults.Accepted($"/api/inspections/{key}", pending)
            : Problems.Result(new Problem(ProblemKind.NotFound));
    }
}

/// <summary>Body of <c>POST /api/log/{entryId}/failback</c>.</summary>
/// <param name="ConfirmedAddress">
/// The recorder's present address, HOST:PORT or an absolute URI, when it is another one than when the failover began (R42).
/// </param>
internal sealed record FailbackToStart(string? ConfirmedAddress);

/// <summary>Body of <c>POST /api/log/{entryId}/copy</c>.</summary>
/// <param name="Order">What comes first; as configured when it is missing.</param>
internal sealed record CopyOrder(PeriodOrder? Order);

/// <summary>Body of <c>POST /api/copies/{id}/fetch</c>. UTC, half open.</summary>
internal sealed record PeriodToFetch(string TrackId, DateTimeOffset From, DateTimeOffset To);

/// <summary>Body of <c>POST /api/limits</c>, as in <see cref="SetCopyLimits"/>.</summary>
internal sealed record LimitsToSet(string? RecorderId, long? MaxBytesPerSecond, int? ChannelsAtOnce, string? Hours);
