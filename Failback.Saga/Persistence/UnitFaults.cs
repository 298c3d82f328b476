using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Failback.Saga;

/// <summary>Which faults pass when the whole unit is repeated with fresh rows.</summary>
internal static class UnitFaults
{
    /// <summary>Tries of a unit that lost against another, the first included.</summary>
    public const int Tries = 5;

    /// <summary>The name of the index that holds R9.</summary>
    public const string AlreadyRunningIndex = "failover_log_running";

    private const string AlreadyRunningColumn = "UNIQUE constraint failed: failover_log.failed_recorder_id";

    /// <summary>Lost against another unit: 40001, 40P01, 23505, a lost update, a busy SQLite file.</summary>
    public static bool MayRepeat(Exception fault) => Causes(fault).Any(IsConflict);

    /// <summary>The database is away, restarting, full of connections or out of room; it was not the message's fault.</summary>
    public static bool IsAway(Exception fault) => !MayRepeat(fault) && Causes(fault).Any(IsAbsence);

    /// <summary>R9, said by the database.</summary>
    public static bool IsAlreadyRunning(Exception fault) =>
        Causes(fault)
            .Any(x =>
                x switch
                {
                    PostgresException y => y.ConstraintName == AlreadyRunningIndex,
                    SqliteException y => y.Message.Contains(AlreadyRunningColumn, StringComparison.Ordinal),
                    _ => false,
                }
            );

    private static bool IsConflict(Exception cause) =>
        cause switch
        {
            DbUpdateConcurrencyException => true,
            PostgresException x => x.SqlState
                is PostgresErrorCodes.SerializationFailure
                    or PostgresErrorCodes.DeadlockDetected
                    or PostgresErrorCodes.UniqueViolation,
            // 5 and 6 are busy and locked, the others a primary key and a unique index.
            SqliteException x => x.SqliteErrorCode is 5 or 6 || x.SqliteExtendedErrorCode is 1555 or 2067,
            _ => false,
        };

    private static bool IsAbsence(Exception cause) =>
        cause
            is NpgsqlException { IsTransient: true }
                or (NpgsqlException and not PostgresException)
                // An I/O error and a full disk: somebody makes room.
                or SqliteException { SqliteErrorCode: 10 or 13 }
        || ConfusedConnections.IsOne(cause);

    /// <summary>EF wraps faults in InvalidOperationException or DbUpdateException, once or twice.</summary>
    private static IEnumerable<Exception> Causes(Exception? fault)
    {
        for (; fault is not null; fault = fault.InnerException)
            yield return fault;
    }
}

/// <summary>The database refused a second running failback of one recorder, time and again (R9): AlreadyRunning.</summary>
internal sealed class FailbackAlreadyRunningException(Exception fault)
    : Exception("A failback of this recorder is running already.", fault);
