namespace Failback.Saga;

/// <summary>
/// A consumer that opens its own units of work and notes messages as handled itself, because it consumes batches: the inbox filter
/// leaves it alone.
/// </summary>
internal interface ISettlesItself;
