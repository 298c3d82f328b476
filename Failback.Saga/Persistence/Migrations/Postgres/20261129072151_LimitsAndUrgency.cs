using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Failback.Saga.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class LimitsAndUrgency : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTime>(
                name: "closed_until",
                table: "material_copy",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "period_order",
                table: "material_copy",
                type: "character varying(64)",
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "urgent",
                table: "material_copy",
                type: "text",
                nullable: false,
                defaultValue: "[]");

            migrationBuilder.CreateTable(
                name: "copy_limits",
                columns: table => new
                {
                    recorder_id = table.Column<string>(type: "text", nullable: false),
                    max_bytes_per_second = table.Column<long>(type: "bigint", nullable: true),
                    channels_at_once = table.Column<int>(type: "integer", nullable: true),
                    hours = table.Column<string>(type: "text", nullable: true),
                    changed_by = table.Column<string>(type: "text", nullable: false),
                    changed_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_copy_limits", x => x.recorder_id);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "copy_limits");

            migrationBuilder.DropColumn(
                name: "closed_until",
                table: "material_copy");

            migrationBuilder.DropColumn(
                name: "period_order",
                table: "material_copy");

            migrationBuilder.DropColumn(
                name: "urgent",
                table: "material_copy");
        }
    }
}
