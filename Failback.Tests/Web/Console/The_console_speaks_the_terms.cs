using System.Collections;
using System.Reflection;
using System.Text.RegularExpressions;
using Failback.Saga;
using Failback.Web;

namespace Failback.Tests;

/// <summary>The words of the console against the terms of docs/requirements.md, in both languages.</summary>
public sealed partial class The_console_speaks_the_terms
{
    /// <summary>Where each term is said; null where people are never told of it.</summary>
    private static readonly Dictionary<string, Func<ConsoleWords, string>?> Said = new()
    {
        ["controller"] = x => x.Reasons.NoRecorder.Do,
        ["recorder"] = x => x.Log.Recorder,
        ["failed recorder"] = x => x.Log.FailedRecorder,
        ["failover server"] = x => x.Log.FailoverServer,
        ["failover log"] = x => x.Log.Title,
        ["settings cache"] = x => x.Start.NoSettings,
        ["maintenance mode"] = x => x.Recorders.Maintenance,
        ["failback"] = x => x.States.Failback,
        ["material copy"] = x => x.States.Copy,
        ["channel copy"] = x => x.Coverage.ShownOf("1", "2"),
        ["slice"] = null,
        ["hold"] = x => x.Entry.Hold,
    };

    private static List<(string Term, string Finnish)> Terms =>
        [
            .. Row()
                .Matches(Repository.Read("docs/requirements.md"))
                .Select(x => (x.Groups["term"].Value.Split(',')[0], x.Groups["finnish"].Value))
                .Where(x => x.Item1 != "term"),
        ];

    [Fact]
    public void every_term_has_its_place() => Assert.Equal(Said.Keys.Order(), Terms.Select(x => x.Term).Order());

    [Fact]
    public void every_term_is_said_as_the_table_has_it()
    {
        var (english, finnish) = (ConsoleWords.In("en"), ConsoleWords.In("fi"));
        foreach (var (term, inFinnish) in Terms)
            if (Said[term] is { } place)
            {
                Assert.Contains(Stem(term), place(english), StringComparison.OrdinalIgnoreCase);
                if (inFinnish != "-")
                    Assert.Contains(Stem(inFinnish), place(finnish), StringComparison.OrdinalIgnoreCase);
            }
    }

    [Fact]
    public void a_coverage_report_says_them_too()
    {
        var finnish = Failback.Host.PageWords.In("fi");
        var terms = Terms.ToDictionary(x => x.Term, x => x.Finnish);
        Assert.Contains(terms["failback"], finnish.Title, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(terms["failover log"], finnish.Entry, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch(Bare(), finnish.Title);
    }

    /// <summary>A term in another case: its words without what Finnish or English bends.</summary>
    private static string Stem(string term) =>
        term switch
        {
            "kanavan kopiointi" => "kanavien kopioin",
            "channel copy" => "channel cop",
            _ => term,
        };

    [Fact]
    public void nothing_else_is_said_for_a_term()
    {
        var finnish = All(ConsoleWords.In("fi"));
        var english = All(ConsoleWords.In("en"));
        Assert.True(finnish.Count > 300 && finnish.Count == english.Count, $"{finnish.Count} words, {english.Count} in English");
        // A failover and a failback are never just a transfer.
        Rule.Holds("a term is said whole", finnish.Where(x => Bare().IsMatch(x)));
        Rule.Holds("the controller is called so", english.Where(x => x.Contains("SMServer", StringComparison.OrdinalIgnoreCase)));
        Rule.Holds("nobody is told of slices", english.Where(x => x.Contains("slice", StringComparison.OrdinalIgnoreCase)));
        Assert.Matches(Bare(), "Yritä siirtoa uudelleen");
        Assert.Matches(Bare(), "Asetusten siirto");
        Assert.DoesNotMatch(Bare(), "Avaa varapalvelinsiirtojen loki, peru varapalvelimen asetusten siirto");
    }

    [Fact]
    public void buttons_and_settings_say_what_they_do()
    {
        var words = ConsoleWords.In("fi");
        Assert.Equal("Avaa varapalvelinsiirtojen loki", words.Recorders.OpenLog);
        Assert.Equal("Älä peru", words.Actions.Keep);
        Assert.Contains("pois", words.Recorders.NoFailover);
        Assert.Equal(
            ("viesti, jota ei voitu käsitellä", "viestiä, joita ei voitu käsitellä"),
            (words.Log.Unhandled(1), words.Log.Unhandled(2))
        );
    }

    [Fact]
    [Covers("D14")]
    public void the_audit_trail_has_words_for_what_people_ask_and_what_is_decided()
    {
        string[] what =
        [
            "manual-failback-requested",
            "cancel-failback",
            "inspect-recorders",
            "start-data-copy",
            "pause-material-copy",
            "resume-material-copy",
            "cancel-material-copy",
            "fetch-period-now",
            "set-copy-limits",
            "failback.start",
            "copy.start",
            "copy.control pause",
            "copy.control resume",
            "copy.control cancel",
            "copy.control fetch period now",
            "copy.control set limits",
            "queues.discard",
            RefusalBudget.More,
        ];
        foreach (var words in ConsoleWords.Languages.Select(ConsoleWords.In))
        {
            Assert.All(what, x => Assert.NotNull(words.Audit[x]));
            Assert.Null(words.Audit["nonsense"]);
            Assert.Equal(3, new[] { words.Audit.Asked, words.Audit.Accepted, words.Audit.Refused }.Distinct().Count());
        }
    }

    private static List<string> All(object words)
    {
        var found = new List<string>();
        foreach (
            var property in words
                .GetType()
                .GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(x => x.GetIndexParameters().Length == 0)
        )
            switch (property.GetValue(words))
            {
                case string text:
                    found.Add(text);
                    break;
                case Delegate says:
                    found.Add(
                        (string)
                            says.DynamicInvoke([
                                .. says.Method.GetParameters().Where(x => x.ParameterType != typeof(object)).Select(Sample),
                            ])!
                    );
                    break;
                case null or char or IEnumerable:
                    break;
                case var more:
                    found.AddRange(All(more));
                    break;
            }
        return found;
    }

    private static object Sample(ParameterInfo parameter) =>
        Type.GetTypeCode(parameter.ParameterType) switch
        {
            TypeCode.Int32 => 2,
            TypeCode.Int64 => 2L,
            _ => "2",
        };

    [GeneratedRegex(@"(?<!varapalvelin)(?<!varapalvelimen asetusten )(siirto|siirro|siirtoj)\w*", RegexOptions.IgnoreCase)]
    private static partial Regex Bare();

    [GeneratedRegex(@"^\| (?<term>[a-z][^|]*?) \| [^|]+ \| (?<finnish>[^|]+?) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
