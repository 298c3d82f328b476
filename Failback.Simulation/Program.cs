return await Failback.Simulation.SimulationProgram.RunAsync(args, Console.Out);
