using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Failback.Saga.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class CoverageReports : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "coverage_report",
                columns: table => new
                {
                    report_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    entry_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    material_copy_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    recorder_id = table.Column<string>(type: "TEXT", nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    evidence = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    asked_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    holds_until = table.Column<DateTime>(type: "TEXT", nullable: false),
                    answer_due_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    tries = table.Column<int>(type: "INTEGER", nullable: false),
                    made_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    whole = table.Column<bool>(type: "INTEGER", nullable: false),
                    counts = table.Column<string>(type: "TEXT", nullable: false),
                    root = table.Column<string>(type: "TEXT", nullable: true),
                    digest = table.Column<string>(type: "TEXT", nullable: true),
                    length = table.Column<long>(type: "INTEGER", nullable: false),
                    signature = table.Column<string>(type: "TEXT", nullable: true),
                    public_key = table.Column<string>(type: "TEXT", nullable: true),
                    failure = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    detail = table.Column<string>(type: "TEXT", nullable: true),
                    version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_coverage_report", x => x.report_id);
                });

            migrationBuilder.CreateIndex(
                name: "coverage_report_asked",
                table: "coverage_report",
                column: "answer_due_at",
                filter: "status = 'Asked'");

            migrationBuilder.CreateIndex(
                name: "IX_coverage_report_entry_id_asked_at",
                table: "coverage_report",
                columns: new[] { "entry_id", "asked_at" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "coverage_report");
        }
    }
}
