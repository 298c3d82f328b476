using Failback.Benchmarks;
using Failback.Recorders;

namespace Failback.Tests;

public sealed class When_copies_are_compared : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly StringWriter output = new();

    [Fact]
    public async Task a_copy_whose_bytes_differ_does_not_count()
    {
        var work = Work();
        var expected = await work.MakeAsync(TestContext.Current.CancellationToken);

        var wrong = await Assert.ThrowsAsync<WrongCopyException>(() =>
            CompareAsync(work, expected, new Copying(work, "careless", spoil: true))
        );

        Assert.Contains("careless", wrong.Message);
    }

    [Fact]
    public async Task a_copy_that_is_not_whole_does_not_count()
    {
        var work = Work();
        var expected = await work.MakeAsync(TestContext.Current.CancellationToken);

        var wrong = await Assert.ThrowsAsync<WrongCopyException>(() =>
            CompareAsync(work, expected, new Copying(work, "hasty", leaveOut: 1))
        );

        Assert.Contains("2 of 3", wrong.Message);
    }

    [Fact]
    public async Task a_program_that_is_missing_has_a_row_that_says_so()
    {
        var work = Work();
        var expected = await work.MakeAsync(TestContext.Current.CancellationToken);

        var rows = await CompareAsync(work, expected, new Copying(work, "absent", missing: "absent-program"));

        Assert.Null(rows[0].Median);
        Assert.Contains("not here: absent-program", output.ToString());
    }

    [Fact]
    public async Task every_round_copies_to_a_new_place_and_the_first_is_not_counted()
    {
        var work = Work();
        var expected = await work.MakeAsync(TestContext.Current.CancellationToken);
        var other = new Copying(work, "other");

        var rows = await CompareAsync(work, expected, other);

        Assert.Equal([0, 1, 2], other.Rounds);
        Assert.Equal(
            [("tiny: ours", "other", true), ("tiny: ours", "1000000000 CPU s/GB", true)],
            rows.Select(x => (x.Name, x.Beside, x.Met))
        );
        Assert.False(Directory.Exists(Path.Combine(work.Place, "primer")));
    }

    public void Dispose()
    {
        folder.Dispose();
        output.Dispose();
    }

    private Workload Work() =>
        new(
            "tiny",
            TrackKind.Video,
            3,
            1_000,
            TimeSpan.FromSeconds(10),
            folder.Path,
            OnDisk: true,
            Durable: false,
            new Dictionary<(string, string), double> { [("ours", "other")] = 1e-6 },
            new Dictionary<string, double> { ["ours"] = 1e9 }
        );

    private Task<IReadOnlyList<Ratio>> CompareAsync(Workload work, IReadOnlyList<string> expected, Contender other) =>
        CopyBenchmark.CompareAsync(
            work,
            [other, new Copying(work, "ours", isOurs: true)],
            expected,
            2,
            output,
            TestContext.Current.CancellationToken
        );

    private sealed class Copying(
        Workload work,
        string name,
        bool spoil = false,
        int leaveOut = 0,
        string? missing = null,
        bool isOurs = false
    ) : Contender(work)
    {
        public List<int> Rounds { get; } = [];
        public override string Name => name;
        public override bool IsOurs => isOurs;
        public override string? Missing => missing;

        /// <summary>A second each time.</summary>
        public override double ServerCpuSeconds => Rounds.Count;

        public override Task RunAsync(int round, CancellationToken token)
        {
            Rounds.Add(round);
            for (var i = leaveOut; i < Workload.Items; i++)
                File.Copy(Path.Combine(Workload.Source, Workload.FileName(i)), FileOf(round, i - leaveOut));
            if (spoil)
                File.WriteAllBytes(FileOf(round, 0), new byte[Workload.ItemBytes]);
            return Task.CompletedTask;
        }
    }
}
