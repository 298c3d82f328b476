using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Failback.Saga;

/// <summary>
/// A connection that is cut in the middle of a prepare (seen with Npgsql 10 when connections were reset) can leave the driver's view of what
/// is prepared wrong: the statement fails ever after, or the driver itself falls over it. All connections of before are replaced.
/// </summary>
internal sealed class ConfusedConnections : DbCommandInterceptor
{
    /// <summary>42P05 is prepared already, 26000 is not, or a null that the driver did not expect.</summary>
    public static bool IsOne(Exception? fault) =>
        fault
            is PostgresException { SqlState: PostgresErrorCodes.DuplicatePreparedStatement or PostgresErrorCodes.InvalidSqlStatementName }
                or NullReferenceException { Source: "Npgsql" };

    public override void CommandFailed(DbCommand command, CommandErrorEventData eventData) => Replace(command, eventData);

    public override Task CommandFailedAsync(
        DbCommand command,
        CommandErrorEventData eventData,
        CancellationToken cancellationToken = default
    )
    {
        Replace(command, eventData);
        return Task.CompletedTask;
    }

    private static void Replace(DbCommand command, CommandErrorEventData fault)
    {
        if (IsOne(fault.Exception) && command.Connection is NpgsqlConnection connection)
            NpgsqlConnection.ClearPool(connection);
    }
}
