using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Failback.Saga.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Doors : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_audit_at",
                table: "audit");

            migrationBuilder.AddColumn<long>(
                name: "missing_items",
                table: "channel_copy",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            // What rows of before lack is counted once.
            migrationBuilder.Sql(
                """
                UPDATE channel_copy SET missing_items =
                    (SELECT COALESCE(SUM((x->>'items')::bigint), 0) FROM jsonb_array_elements(missing::jsonb) AS x)
                WHERE missing <> '[]';
                """
            );

            migrationBuilder.CreateTable(
                name: "idempotency_key",
                columns: table => new
                {
                    key = table.Column<Guid>(type: "uuid", nullable: false),
                    asker = table.Column<string>(type: "text", nullable: false),
                    request = table.Column<string>(type: "text", nullable: false),
                    digest = table.Column<string>(type: "text", nullable: false),
                    asked_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    outcome = table.Column<string>(type: "text", nullable: false),
                    decided_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    answer = table.Column<string>(type: "text", nullable: true),
                    version = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_idempotency_key", x => x.key);
                });

            migrationBuilder.CreateIndex(
                name: "failover_log_active",
                table: "failover_log",
                columns: new[] { "failover_started_at", "entry_id" },
                filter: "failback <> 'Succeeded' OR material_copy <> 'Succeeded'");

            migrationBuilder.CreateIndex(
                name: "failover_log_held",
                table: "failover_log",
                column: "failover_server_id",
                filter: "hold IN ('Held', 'Releasing')");

            migrationBuilder.CreateIndex(
                name: "failover_log_newest",
                table: "failover_log",
                columns: new[] { "failover_started_at", "entry_id" });

            migrationBuilder.CreateIndex(
                name: "IX_audit_at_audit_id",
                table: "audit",
                columns: new[] { "at", "audit_id" });

            migrationBuilder.CreateIndex(
                name: "IX_audit_subject_at_audit_id",
                table: "audit",
                columns: new[] { "subject", "at", "audit_id" });

            migrationBuilder.CreateIndex(
                name: "IX_audit_who_at_audit_id",
                table: "audit",
                columns: new[] { "who", "at", "audit_id" });

            migrationBuilder.CreateIndex(
                name: "IX_idempotency_key_asked_at",
                table: "idempotency_key",
                column: "asked_at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "idempotency_key");

            migrationBuilder.DropIndex(
                name: "failover_log_active",
                table: "failover_log");

            migrationBuilder.DropIndex(
                name: "failover_log_held",
                table: "failover_log");

            migrationBuilder.DropIndex(
                name: "failover_log_newest",
                table: "failover_log");

            migrationBuilder.DropIndex(
                name: "IX_audit_at_audit_id",
                table: "audit");

            migrationBuilder.DropIndex(
                name: "IX_audit_subject_at_audit_id",
                table: "audit");

            migrationBuilder.DropIndex(
                name: "IX_audit_who_at_audit_id",
                table: "audit");

            migrationBuilder.DropColumn(
                name: "missing_items",
                table: "channel_copy");

            migrationBuilder.CreateIndex(
                name: "IX_audit_at",
                table: "audit",
                column: "at");
        }
    }
}
