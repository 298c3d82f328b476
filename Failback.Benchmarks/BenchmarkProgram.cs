namespace Failback.Benchmarks;

/// <summary>The benchmarks: <c>copy</c>, <c>resume</c>, <c>saga</c> and <c>console</c>, each beside what a user would use instead.</summary>
internal static class BenchmarkProgram
{
    /// <summary>Runs what the arguments ask for.</summary>
    /// <returns>0 when everything was measured and every copy was right, met goals or not; 1 when a copy was wrong; 2 when the arguments are; 130 when it was told to stop.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, CancellationToken token)
    {
        if (Internal.Handles(args))
            return await Internal.RunAsync(args, token);
        try
        {
            var options = BenchmarkOptions.Parse(args);
            var rows = options.What switch
            {
                "copy" => await CopyBenchmark.RunAsync(options, output, token),
                "resume" => await ResumeBenchmark.RunAsync(options, output, token),
                "console" => await ConsoleBenchmark.RunAsync(options, output, token),
                _ => await SagaBenchmark.RunAsync(options, output, token),
            };
            Report.PrintGoals(rows, output);
            if (options.Json is { } file)
                await Report.WriteJsonAsync(rows, file, token);
            return 0;
        }
        catch (WrongUseException wrong)
        {
            await output.WriteLineAsync(wrong.Message);
            await output.WriteLineAsync(BenchmarkOptions.Usage);
            return 2;
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            await output.WriteLineAsync("Stopped.");
            return 130;
        }
        catch (WrongCopyException wrong)
        {
            await output.WriteLineAsync(wrong.Message);
            return 1;
        }
    }
}
