using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Failback.Saga.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class DoubtedEntries : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "failover_log_active",
                table: "failover_log");

            migrationBuilder.AddColumn<bool>(
                name: "doubted",
                table: "failover_log",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<long>(
                name: "counted_before",
                table: "channel_copy",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.CreateIndex(
                name: "failover_log_active",
                table: "failover_log",
                columns: new[] { "failover_started_at", "entry_id" },
                filter: "failback <> 'Succeeded' OR material_copy <> 'Succeeded' OR doubted");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "failover_log_active",
                table: "failover_log");

            migrationBuilder.DropColumn(
                name: "doubted",
                table: "failover_log");

            migrationBuilder.DropColumn(
                name: "counted_before",
                table: "channel_copy");

            migrationBuilder.CreateIndex(
                name: "failover_log_active",
                table: "failover_log",
                columns: new[] { "failover_started_at", "entry_id" },
                filter: "failback <> 'Succeeded' OR material_copy <> 'Succeeded'");
        }
    }
}
