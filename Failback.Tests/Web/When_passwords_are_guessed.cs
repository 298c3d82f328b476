using System.Text.Json;
using Failback.Web;
using Microsoft.Extensions.Time.Testing;

namespace Failback.Tests;

[Covers("T17")]
public sealed class When_passwords_are_guessed
{
    [Fact]
    public async Task after_five_wrong_ones_a_name_waits_whether_somebody_has_it_or_not()
    {
        await using var site = await WebSite.StartAsync("Failback:Web:LocalAccount=true");
        var password = await When_the_operator_signs_in.ChosenAsync(site);
        using var client = When_the_operator_signs_in.Program(site);
        foreach (var name in new[] { "operator", "nobody" })
        {
            var answers = new List<string>();
            for (var i = 0; i < 6; i++)
            {
                using var answer = await When_the_operator_signs_in.SignInAsync(client, name, "wrong password");
                var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                answers.Add($"{(int)answer.StatusCode} {JsonDocument.Parse(text).RootElement.GetProperty("title")}");
            }
            Assert.Equal([.. Enumerable.Repeat("401 Sign in first.", 5), "429 Too many requests."], answers);
            // The right one waits like the wrong ones.
            using var right = await When_the_operator_signs_in.SignInAsync(client, name, password);
            await right.ProblemAsync(ProblemKind.TooManyRequests);
            Assert.InRange(right.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 5);
        }
    }

    [Fact]
    public void the_wait_grows_to_a_quarter_of_an_hour_and_ends_with_the_right_password()
    {
        var time = new FakeTimeProvider();
        var tries = new SignInTries(time);
        for (var i = 0; i < SignInTries.Free; i++)
            Assert.Null(tries.Begin("a"));
        var waits = new List<double>();
        for (var i = 0; i < 10; i++)
        {
            var wait = tries.Begin("a")!.Value;
            waits.Add(wait.TotalSeconds);
            time.Advance(wait);
            Assert.Null(tries.Begin("a"));
        }
        Assert.Equal([5, 10, 20, 40, 80, 160, 320, 640, 900, 900], waits);
        Assert.Null(tries.Begin("b"));
        tries.Succeeded("a");
        Assert.Null(tries.Begin("a"));
    }

    [Fact]
    public void names_that_are_made_up_do_not_fill_the_memory_or_free_a_name_that_is_tried()
    {
        var time = new FakeTimeProvider();
        var tries = new SignInTries(time);
        for (var i = 0; i < 3 * SignInTries.MostNames; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            tries.Begin($"name {i}");
            if (i % 500 == 0)
                tries.Begin("operator");
        }
        Assert.NotNull(tries.Begin("operator"));
    }

    [Fact]
    public async Task a_name_that_nobody_has_takes_as_long_as_one_that_somebody_has()
    {
        using var folder = new TempFolder();
        var time = new FakeTimeProvider();
        using var account = When_the_operator_signs_in.Account(folder, time);
        account.Make();
        var ticks = new Dictionary<string, long>();
        foreach (var name in new[] { "operator", "nobody", "operator", "nobody", "operator", "nobody" })
        {
            var start = TimeProvider.System.GetTimestamp();
            await account.SignInAsync(name, "wrong password", TestContext.Current.CancellationToken);
            ticks[name] = Math.Min(ticks.GetValueOrDefault(name, long.MaxValue), TimeProvider.System.GetTimestamp() - start);
        }
        // Both hash: without, it would be a thousandth.
        Assert.InRange((double)ticks["nobody"] / ticks["operator"], 0.2, 5);
    }
}
