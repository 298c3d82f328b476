using System.Reflection;
using Failback.Saga;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace Failback.Web;

/// <summary>One request that wants something: who, under which key, with which body.</summary>
internal sealed class Asking
{
    /// <summary>Chosen by whoever asks; the same when the request is sent again.</summary>
    public const string KeyHeader = "Idempotency-Key";
    private readonly HttpContext _context;

    private Asking(HttpContext context)
    {
        _context = context;
        Ask = context.RequestServices.GetRequiredService<IAsk>();
        Asker = context.User.ToAsker();
        Key = KeyOf(context.Request) ?? Guid.Empty;
    }

    public IAsk Ask { get; }
    public Asker Asker { get; }
    public Guid Key { get; }

    /// <summary>Whether the asker has the right that the endpoint states; who has not learns nothing, and the door notes that he tried (D14).</summary>
    public bool IsAllowed => _context.GetEndpoint()?.Metadata.GetMetadata<NeedsRightAttribute>()?.Holds(_context.User, Ask) == true;
    public CancellationToken Token => _context.RequestAborted;

    public static ValueTask<Asking?> BindAsync(HttpContext context, ParameterInfo parameter) => ValueTask.FromResult<Asking?>(new(context));

    /// <summary>Null when the header is missing or is no GUID; the draft of the header writes it in quotes.</summary>
    public static Guid? KeyOf(HttpRequest request) =>
        Guid.TryParse(request.Headers[KeyHeader].ToString().Trim().Trim('"'), out var key) && key != Guid.Empty ? key : null;

    public Task<Results<Accepted<AskedAnswer>, ProblemHttpResult>> OfCopyAsync(string message, Guid id) =>
        OfBodyAsync(message, ("materialCopyId", id.ToString()));

    public async Task<Results<Accepted<AskedAnswer>, ProblemHttpResult>> OfBodyAsync(
        string message,
        params (string Member, string Value)[] path
    )
    {
        var (json, wrong) = Bodies.With(await Bodies.ReadAsync(_context.Request, Token), path);
        if (json is null && !IsAllowed)
            json = Bodies.With(default, path).Json;
        if (json is null)
            return Problems.Result(
                wrong is ""
                    ? new Problem(ProblemKind.Invalid) { Allowed = "a JSON object" }
                    : new Problem(ProblemKind.Invalid) { Field = wrong, Allowed = "what the path says, or nothing" }
            );
        return Answer(await Ask.AskJsonAsync(message, json, Key, Asker, Token));
    }

    public async Task<Results<Accepted<AskedAnswer>, ProblemHttpResult>> OfControllerAsync(string message) =>
        Answer(await Ask.PostAsync(message, await Bodies.ReadAsync(_context.Request, Token), Key, Asker, Token));

    /// <param name="asked">What the saga said at once.</param>
    /// <param name="location">Where the outcome will be, unless with the requests.</param>
    public static Results<Accepted<AskedAnswer>, ProblemHttpResult> Answer(Asked asked, string? location = null) =>
        asked.Outcome switch
        {
            AskOutcome.Accepted or AskOutcome.Repeated => TypedResults.Accepted(
                location ?? $"/api/requests/{asked.Key}",
                new AskedAnswer(asked.Key, asked.Outcome.ToString())
            ),
            AskOutcome.KeyReused => Problems.Result(Said(ProblemKind.KeyReused, asked) with { Field = KeyHeader }),
            AskOutcome.Invalid => Problems.Result(Said(ProblemKind.Invalid, asked)),
            AskOutcome.Forbidden => Problems.Result(Said(ProblemKind.Forbidden, asked)),
            _ => Problems.Result(Said(ProblemKind.NotFound, asked)),
        };

    private static Problem Said(ProblemKind kind, Asked asked) =>
        new(kind)
        {
            Reason = asked.Reason?.ToString(),
            Field = asked.Field,
            Allowed = asked.Allowed,
        };
}

/// <summary>An endpoint that asks for something, and needs an idempotency key: whether somebody may is decided by the door, which notes it.</summary>
internal sealed record NeedsKey;

internal static class AskingConventions
{
    /// <summary>Refuses a request without a key before anything of it is read.</summary>
    public static TBuilder WithKey<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.AddEndpointFilter<TBuilder, KeyFilter>();
        return builder.WithMetadata(new NeedsKey());
    }

    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder builder, bool optional = false) =>
        builder.Takes(typeof(T), optional);

    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder builder, Type type, bool optional = false) =>
        builder.WithMetadata(new AcceptsMetadata(["application/json"], type, optional));

    private sealed class KeyFilter : IEndpointFilter
    {
        public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
            Asking.KeyOf(context.HttpContext.Request) is null
                ? ValueTask.FromResult<object?>(
                    Problems.Result(
                        new Problem(ProblemKind.Invalid)
                        {
                            Field = Asking.KeyHeader,
                            Allowed = "a GUID that is not empty; the same when the request is sent again",
                        }
                    )
                )
                : next(context);
    }
}
