using System.Globalization;
using System.Text.Json;
using Failback.Messages;
using Failback.Saga;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Failback.Web;

/// <summary>What may be looked at: the saga's door <see cref="IRead"/> over HTTP.</summary>
internal static class ReadEndpoints
{
    private const int MostRows = 200;
    private const int MostChannelCopies = 500;
    private const int MostChanges = 1_000;
    private const int Usual = 50;

    public static void MapReading(this IEndpointRouteBuilder api)
    {
        var all = api.MapGroup("").Needs(AskRights.ReadLog);
        all.MapGet("/log", LogAsync).WithSummary("The failover log, newest failover first (R41)");
        all.MapGet("/log/{entryId:guid}", EntryAsync).WithSummary("One entry of the failover log");
        all.MapGet("/log/{entryId:guid}/checks", ChecksAsync).WithSummary("What a failback of the entry would be checked for now (R5-R9)");
        all.MapGet("/log/{entryId:guid}/periods", PeriodsAsync).WithSummary("What has to come home of the entry (R33, D6)");
        all.MapGet("/log/{entryId:guid}/copy", CopyOfEntryAsync)
            .WithSummary("The material copy of the entry: its own, or that which inherited its period");
        all.MapGet("/copies/{id:guid}", CopyAsync).WithSummary("One material copy in numbers");
        all.MapGet("/copies/{id:guid}/channels", ChannelsAsync).WithSummary("Channel copies of a material copy, by their order");
        all.MapGet("/recorders", RecordersAsync).WithSummary("The directory by id (R40)");
        all.MapGet("/recorders/{id}/copies", CopiesAsync)
            .WithSummary("Material copies of a repaired recorder: its queue, then those that ended (R31)");
        all.MapGet("/limits", (IRead read, CancellationToken x) => LimitsAsync(null, read, x))
            .WithSummary("Limits of copying of the site (D13)");
        all.MapGet("/limits/{recorderId}", (string recorderId, IRead read, CancellationToken x) => LimitsAsync(recorderId, read, x))
            .WithSummary("Limits of copying of one recorder (D13)");
        all.MapGet("/audit", AuditAsync).WithSummary("The audit trail, newest first (D14)");
        all.MapGet("/changes", ChangesAsync).WithSummary("Committed changes after a number, oldest first (D19)");
        all.MapGet("/queues", QueuesAsync)
            .WithSummary("How many messages nobody could handle, by queue, as a process with a broker saw it last");
        all.MapGet("/system", SystemAsync).WithSummary("Licence, maintenance mode, and messages that nobody could handle");
    }

    private static async Task<Results<Tagged<LogPage>, ProblemHttpResult>> LogAsync(
        bool? finalised,
        string? recorderId,
        string? text,
        string? from,
        string? to,
        string? after,
        int? limit,
        IRead read,
        CancellationToken token
    )
    {
        if ((Wrong(limit, MostRows) ?? Wrong("recorderId", recorderId) ?? Wrong("text", text) ?? Wrong("after", after, 512)) is { } wrong)
            return Problems.Result(wrong);
        if (!Instant(from, out var first))
            return Problems.Result(NoInstant("from"));
        if (!Instant(to, out var last))
            return Problems.Result(NoInstant("to"));
        var query = new LogQuery
        {
            Finalised = finalised,
            RecorderId = recorderId,
            Text = text,
            From = first,
            To = last,
            After = after,
            Limit = limit ?? Usual,
        };
        return await QueriedAsync(() => read.LogPageAsync(query, token), x => x.Sequence);
    }

    private static async Task<Results<Tagged<LogRow>, ProblemHttpResult>> EntryAsync(Guid entryId, IRead read, CancellationToken token) =>
        await read.LogRowAsync(entryId, token) is { } row ? new Tagged<LogRow>(row) : NotFound;

    private static async Task<Results<Ok<IReadOnlyList<CheckView>>, ProblemHttpResult>> ChecksAsync(
        Guid entryId,
        HttpContext context,
        IRead read,
        CancellationToken token
    ) => await read.ChecksAsync(entryId, context.User.ToAsker(), token) is { } checks ? TypedResults.Ok(checks) : NotFound;

    private static async Task<Results<Tagged<IReadOnlyList<HomePeriodView>>, ProblemHttpResult>> PeriodsAsync(
        Guid entryId,
        IRead read,
        CancellationToken token
    ) =>
        await read.EntryAsync(entryId, token) is null
            ? NotFound
            : new Tagged<IReadOnlyList<HomePeriodView>>(await read.PeriodsAsync(entryId, token));

    private static async Task<Results<Tagged<CopyAnswer>, ProblemHttpResult>> CopyOfEntryAsync(
        Guid entryId,
        IRead read,
        ILiveFeed feed,
        CancellationToken token
    ) =>
        await read.LogRowAsync(entryId, token) is { Copy: { } copy }
            ? new Tagged<CopyAnswer>(CopyAnswer.Of(copy, feed.PaceOf(copy.MaterialCopyId)))
            : NotFound;

    private static async Task<Results<Tagged<CopyAnswer>, ProblemHttpResult>> CopyAsync(
        Guid id,
        IRead read,
        ILiveFeed feed,
        CancellationToken token
    ) => await read.CopyAsync(id, token) is { } copy ? new Tagged<CopyAnswer>(CopyAnswer.Of(copy, feed.PaceOf(id))) : NotFound;

    private static async Task<Results<Tagged<Paged<ChannelCopyView>>, ProblemHttpResult>> ChannelsAsync(
        Guid id,
        int? after,
        int? limit,
        IRead read,
        CancellationToken token
    )
    {
        if (Wrong(limit, MostChannelCopies) is { } wrong)
            return Problems.Result(wrong);
        if (after < 0)
            return Problems.Result(new Problem(ProblemKind.Invalid) { Field = "after", Allowed = "0 or more: next of the page before" });
        if (await read.CopyAsync(id, token) is null)
            return NotFound;
        var most = limit ?? Usual;
        var rows = await read.ChannelCopiesAsync(id, after, most, token);
        var next = rows.Count < most ? null : rows[^1].Ordinal.ToString(CultureInfo.InvariantCulture);
        return new Tagged<Paged<ChannelCopyView>>(new Paged<ChannelCopyView>(rows, next));
    }

    private static async Task<Results<Tagged<Paged<RecorderRow>>, ProblemHttpResult>> RecordersAsync(
        string? after,
        int? limit,
        IRead read,
        CancellationToken token
    )
    {
        if ((Wrong(limit, MostRows) ?? Wrong("after", after)) is { } wrong)
            return Problems.Result(wrong);
        var most = limit ?? Usual;
        var rows = await read.RecorderRowsAsync(after, most, token);
        return new Tagged<Paged<RecorderRow>>(new Paged<RecorderRow>(rows, rows.Count < most ? null : rows[^1].Recorder.RecorderId));
    }

    private static async Task<Results<Tagged<Paged<CopySummary>>, ProblemHttpResult>> CopiesAsync(
        string id,
        IRead read,
        CancellationToken token
    ) =>
        Wrong("id", id) is { } wrong
            ? Problems.Result(wrong)
            : new Tagged<Paged<CopySummary>>(new Paged<CopySummary>(await read.CopiesAsync(IdInPath(id), token), null));

    private static async Task<Results<Tagged<CopyLimitsView>, ProblemHttpResult>> LimitsAsync(
        string? recorderId,
        IRead read,
        CancellationToken token
    ) =>
        Wrong("recorderId", recorderId) is { } wrong
            ? Problems.Result(wrong)
            : new Tagged<CopyLimitsView>(await read.CopyLimitsAsync(recorderId is null ? null : IdInPath(recorderId), token));

    private static async Task<Results<Tagged<AuditPage>, ProblemHttpResult>> AuditAsync(
        string? subject,
        string? who,
        string? after,
        int? limit,
        IRead read,
        CancellationToken token
    )
    {
        if ((Wrong(limit, MostRows) ?? Wrong("subject", subject) ?? Wrong("who", who) ?? Wrong("after", after, 512)) is { } wrong)
            return Problems.Result(wrong);
        var query = new AuditQuery
        {
            Subject = subject,
            Who = who,
            After = after,
            Limit = limit ?? Usual,
        };
        return await QueriedAsync(() => read.AuditAsync(query, token), _ => null);
    }

    private static async Task<Results<Tagged<ChangesAnswer>, ProblemHttpResult>> ChangesAsync(
        long since,
        int? limit,
        IRead read,
        CancellationToken token
    )
    {
        if (Wrong(limit, MostChanges) is { } wrong)
            return Problems.Result(wrong);
        if (since < 0)
            return Problems.Result(new Problem(ProblemKind.Invalid) { Field = "since", Allowed = "0 or more" });
        var changes = await read.ChangesSinceAsync(since, limit ?? MostChanges, token);
        var sequence = changes.Count > 0 ? changes[^1].Number : since;
        return new Tagged<ChangesAnswer>(new ChangesAnswer(changes, sequence), sequence);
    }

    private static async Task<Tagged<QueuesView>> QueuesAsync(IRead read, OwnBus bus, CancellationToken token) =>
        new((await read.QueuesAsync(token)) with { InMemory = bus.InMemory });

    private static async Task<Tagged<SystemView>> SystemAsync(IRead read, CancellationToken token)
    {
        var system = await read.SystemAsync(token);
        return new Tagged<SystemView>(system, system.Sequence);
    }

    /// <summary>A member of the query may be wrong in a way that only the saga knows, for example where a page begins.</summary>
    private static async Task<Results<Tagged<T>, ProblemHttpResult>> QueriedAsync<T>(Func<Task<T>> query, Func<T, long?> sequence)
    {
        try
        {
            var page = await query();
            return new Tagged<T>(page, sequence(page));
        }
        catch (ArgumentException wrong) when (wrong.ParamName is { } member && typeof(LogQuery).Assembly.GetName().Name == wrong.Source)
        {
            return Problems.Result(
                new Problem(ProblemKind.Invalid)
                {
                    Field = JsonNamingPolicy.CamelCase.ConvertName(member),
                    Allowed = "what the page before gave as next, and texts of at most 128 characters",
                }
            );
        }
    }

    /// <summary>A slash is left encoded in a path, because it would be a step of it.</summary>
    private static string IdInPath(string id) => id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static ProblemHttpResult NotFound => Problems.Result(new Problem(ProblemKind.NotFound));

    private static Problem NoInstant(string field) =>
        new(ProblemKind.Invalid) { Field = field, Allowed = "an instant with its offset, such as 2026-11-29T08:00:00Z" };

    private static Problem? Wrong(int? limit, int most) =>
        limit is < 1 || limit > most ? new Problem(ProblemKind.Invalid) { Field = "limit", Allowed = $"1 to {most}" } : null;

    private static Problem? Wrong(string field, string? text, int most = 128) =>
        text is null || (text.Length >= 1 && text.Length <= most && !text.Any(char.IsControl))
            ? null
            : new Problem(ProblemKind.Invalid) { Field = field, Allowed = $"1 to {most} printable characters" };

    /// <summary>Without its offset it would be read in the zone of this machine (D8).</summary>
    private static bool Instant(string? text, out DateTimeOffset? instant)
    {
        instant = null;
        if (text is null)
            return true;
        var hasOffset = text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');
        if (!hasOffset || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var read))
            return false;
        instant = read.ToUniversalTime();
        return true;
    }
}
