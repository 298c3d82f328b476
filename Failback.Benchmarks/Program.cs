using System.Runtime.InteropServices;
using Failback.Benchmarks;

// Told to stop, it stops the servers that it started and removes its files.
using var stop = new CancellationTokenSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
return await BenchmarkProgram.RunAsync(args, Console.Out, stop.Token);

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
