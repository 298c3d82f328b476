using System.Security.Claims;
using Failback.Messages;
using Failback.Saga;
using Failback.Web;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Logging;

namespace Failback.Tests;

/// <summary>One key for what a person wants, until it is decided, whatever gets lost on the way.</summary>
public sealed class A_wish_is_asked_for_once : IDisposable
{
    private static readonly Guid Copy = Guid.NewGuid();
    private readonly FakeSite _site = new(TimeProvider.System);
    private readonly FakeAsk _ask;
    private readonly ConsoleRequests _requests;
    private readonly Viewer _viewer;
    private readonly LoggedEvents _logged = new();
    private readonly LoggerFactory _loggers;

    public A_wish_is_asked_for_once()
    {
        _ask = new FakeAsk(_site);
        _viewer = new Viewer(new Somebody(), _ask, TimeProvider.System);
        _loggers = new LoggerFactory([_logged]);
        _requests = new ConsoleRequests(_ask, _viewer, null!, _loggers.CreateLogger<ConsoleRequests>());
    }

    public void Dispose()
    {
        _requests.Dispose();
        _loggers.Dispose();
    }

    [Fact]
    public async Task when_its_answer_gets_lost_it_is_sent_again_under_its_key()
    {
        _ask.LostReplies = 2;
        var answer = await AskAsync(Pause());
        Assert.True(answer.Accepted);
        Assert.Single(_ask.Requests);
        Assert.Equal(3, _ask.Keys.Count);
        Assert.Single(_ask.Keys.Distinct());
    }

    [Fact]
    public async Task what_nobody_knows_of_is_not_called_refused_and_keeps_its_key_until_it_is_decided()
    {
        _ask.LostReplies = 4;
        var answer = await AskAsync(Pause());
        Assert.True(answer is { Unknown: true, Done: false }, answer.ToString());
        Assert.Contains("not known", answer.Title);
        Assert.Contains("The database did not answer", answer.Detail);
        Assert.True((await AskAsync(Pause())).Accepted);
        Assert.Single(_ask.Requests);
        Assert.Single(_ask.Keys.Distinct());
        Assert.True((await AskAsync(Pause())).Accepted);
        Assert.Equal(2, _ask.Keys.Distinct().Count());
    }

    [Fact]
    public async Task while_nobody_can_look_it_waits_for_its_decision()
    {
        _ask.FailedLooks = 3;
        Assert.True((await AskAsync(Pause())).Accepted);
        _ask.FailedLooks = 3;
        _ask.Refuse = FailbackReason.InvalidLogState;
        var refused = await AskAsync(Pause());
        Assert.True(refused is { Done: false, Unknown: false }, refused.ToString());
    }

    [Fact]
    public async Task what_was_wanted_again_after_something_else_is_asked_for_again()
    {
        _ask.Undecided = true;
        Task<Answer>[] asked = [AskAsync(Pause()), AskAsync(Resume()), AskAsync(Pause()), AskAsync(Pause())];
        await Eventually.Equal("all are sent", 4, () => _ask.Keys.Count);
        Assert.Equal(["PauseMaterialCopy", "ResumeMaterialCopy", "PauseMaterialCopy"], _ask.Requests.Select(x => x.GetType().Name));
        _ask.Undecided = false;
        Assert.All(await Task.WhenAll(asked), x => Assert.True(x.Accepted));
    }

    [Fact]
    public async Task what_is_no_fault_of_the_database_is_not_called_one()
    {
        _ask.Fault = new InvalidOperationException("a bug");
        var answer = await AskAsync(Pause());
        Assert.True(answer.Unknown);
        Assert.DoesNotContain("database", answer.Detail);
    }

    [Fact]
    public async Task what_failed_has_the_trace_of_its_tries_in_the_log_and_what_came_through_has_none()
    {
        _ask.LostReplies = 4;
        var answer = await AskAsync(Pause());
        Assert.Matches("^[0-9a-f]{32}$", answer.TraceId);
        Assert.Equal(4, _logged.Of(6402).Count);
        Assert.All(_logged.Of(6402), x => Assert.Contains($"(trace {answer.TraceId})", x));
        Assert.Null((await AskAsync(Pause())).TraceId);
        _ask.Fault = new InvalidOperationException("a bug");
        Assert.NotEqual(answer.TraceId, (await AskAsync(Pause())).TraceId);
    }

    [Fact]
    public async Task whoever_asked_is_told_when_it_was_taken_and_not_before()
    {
        var open = new TaskCompletionSource();
        _ask.Open = open.Task;
        _ask.Undecided = true;
        var told = new List<Answer>();
        var asking = _requests.AskAsync("Pause", Pause(), told.Add);
        Assert.Empty(told);
        open.SetResult();
        await Eventually.Equal("told", 1, () => told.Count);
        Assert.True(told[0] is { Pending: true, Accepted: false });
        Assert.Equal(_viewer.Words.Actions.Asked, told[0].Detail);
        _ask.Undecided = false;
        Assert.True((await asking).Accepted);
    }

    [Theory]
    [InlineData("1,000", true)]
    [InlineData("1.000", true)]
    [InlineData("12,345,678", true)]
    [InlineData("1 000", true)]
    [InlineData("1,000.5", true)]
    [InlineData("1000", false)]
    [InlineData("0.125", false)]
    [InlineData("12,5", false)]
    public void a_separator_that_may_be_of_thousands_is_not_guessed(string text, bool isGrouped)
    {
        Assert.Equal(isGrouped, LimitsDialog.IsGrouped(text));
        Assert.Equal(isGrouped, LimitsDialog.RateOf(text) is null);
    }

    [Fact]
    public void a_time_before_the_calendar_is_none()
    {
        var words = ConsoleWords.In("en");
        var east = new Written(words.Units, TimeZoneInfo.FindSystemTimeZoneById("Europe/Helsinki"));
        var west = new Written(words.Units, TimeZoneInfo.FindSystemTimeZoneById("America/Halifax"));
        Assert.Null(east.FromField("0001-01-01T00:00"));
        Assert.NotNull(west.FromField("0001-01-01T00:00"));
        Assert.Null(west.FromField("9999-12-31T23:59"));
    }

    [Fact]
    public void an_estimate_has_an_end_and_a_speed_that_is_assumed_is_told()
    {
        var words = ConsoleWords.In("en");
        var written = new Written(words.Units, TimeZoneInfo.Utc);
        Assert.Contains("more than", Inspection.EstimateOf(long.MaxValue, 1, written, words.Start));
        Assert.Contains("100\u00a0MB/s", Inspection.EstimateOf(6_000_000_000, null, written, words.Start));
        Assert.Contains("10\u00a0min", Inspection.EstimateOf(6_000_000_000, 10_000_000, written, words.Start));
    }

    private Task<Answer> AskAsync(object request) => _requests.AskAsync("Pause", request, _ => { });

    private static PauseMaterialCopy Pause() =>
        new()
        {
            RequestId = default,
            MaterialCopyId = Copy,
            RequestedBy = "Aino",
            Roles = [],
        };

    private static ResumeMaterialCopy Resume() =>
        new()
        {
            RequestId = default,
            MaterialCopyId = Copy,
            RequestedBy = "Aino",
            Roles = [],
        };

    private sealed class Somebody : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() =>
            Task.FromResult(new AuthenticationState(new ClaimsPrincipal()));
    }
}
