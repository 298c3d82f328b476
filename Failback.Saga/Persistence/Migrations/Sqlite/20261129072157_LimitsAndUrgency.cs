using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Failback.Saga.Persistence.Migrations.Sqlite
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
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "period_order",
                table: "material_copy",
                type: "TEXT",
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "urgent",
                table: "material_copy",
                type: "TEXT",
                nullable: false,
                defaultValue: "[]");

            migrationBuilder.CreateTable(
                name: "copy_limits",
                columns: table => new
                {
                    recorder_id = table.Column<string>(type: "TEXT", nullable: false),
                    max_bytes_per_second = table.Column<long>(type: "INTEGER", nullable: true),
                    channels_at_once = table.Column<int>(type: "INTEGER", nullable: true),
                    hours = table.Column<string>(type: "TEXT", nullable: true),
                    changed_by = table.Column<string>(type: "TEXT", nullable: false),
                    changed_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false)
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
