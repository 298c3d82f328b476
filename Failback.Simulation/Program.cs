return Failback.Simulation.SimulationProgram.Run(args, Console.Out, Console.Error);
