using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Failback.Saga.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class AddressAndQueues : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "failed_recorder_address",
                table: "failover_log",
                type: "TEXT",
                maxLength: 512,
                nullable: true);

            migrationBuilder.CreateTable(
                name: "queue_sight",
                columns: table => new
                {
                    id = table.Column<int>(type: "INTEGER", nullable: false),
                    looked_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    queues = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_queue_sight", x => x.id);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "queue_sight");

            migrationBuilder.DropColumn(
                name: "failed_recorder_address",
                table: "failover_log");
        }
    }
}
