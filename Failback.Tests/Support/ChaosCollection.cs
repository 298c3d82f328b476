namespace Failback.Tests;

[CollectionDefinition("chaos", DisableParallelization = true)]
public sealed class ChaosCollection;
