using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Failback.Saga
{
    /// <inheritdoc />
    public partial class InitialSqlite : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "audit",
                columns: table => new
                {
                    audit_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    who = table.Column<string>(type: "TEXT", nullable: false),
                    what = table.Column<string>(type: "TEXT", nullable: false),
                    subject = table.Column<string>(type: "TEXT", nullable: false),
                    outcome = table.Column<string>(type: "TEXT", nullable: false),
                    detail = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_audit", x => x.audit_id);
                });

            migrationBuilder.CreateTable(
                name: "channel_copy",
                columns: table => new
                {
                    channel_copy_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    material_copy_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    ordinal = table.Column<int>(type: "INTEGER", nullable: false),
                    entry_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    source_recorder_id = table.Column<string>(type: "TEXT", nullable: false),
                    origin_recorder_id = table.Column<string>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    track_id = table.Column<string>(type: "TEXT", nullable: false),
                    from = table.Column<DateTime>(type: "TEXT", nullable: false),
                    to = table.Column<DateTime>(type: "TEXT", nullable: false),
                    position = table.Column<DateTime>(type: "TEXT", nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    epoch = table.Column<int>(type: "INTEGER", nullable: false),
                    slices = table.Column<string>(type: "TEXT", nullable: false),
                    slices_sent = table.Column<int>(type: "INTEGER", nullable: false),
                    planned_items = table.Column<long>(type: "INTEGER", nullable: false),
                    planned_bytes = table.Column<long>(type: "INTEGER", nullable: false),
                    expected = table.Column<long>(type: "INTEGER", nullable: false),
                    copied = table.Column<long>(type: "INTEGER", nullable: false),
                    already_there = table.Column<long>(type: "INTEGER", nullable: false),
                    verified = table.Column<long>(type: "INTEGER", nullable: false),
                    overlaps = table.Column<long>(type: "INTEGER", nullable: false),
                    conflicts = table.Column<long>(type: "INTEGER", nullable: false),
                    bytes_copied = table.Column<long>(type: "INTEGER", nullable: false),
                    missing = table.Column<string>(type: "TEXT", nullable: false),
                    tries = table.Column<int>(type: "INTEGER", nullable: false),
                    next_try_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    failure = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    detail = table.Column<string>(type: "TEXT", nullable: true),
                    version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_channel_copy", x => x.channel_copy_id);
                });

            migrationBuilder.CreateTable(
                name: "document",
                columns: table => new
                {
                    digest = table.Column<string>(type: "TEXT", nullable: false),
                    bytes = table.Column<byte[]>(type: "BLOB", nullable: false),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_document", x => x.digest);
                });

            migrationBuilder.CreateTable(
                name: "failback_saga",
                columns: table => new
                {
                    correlation_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    current_state = table.Column<string>(type: "TEXT", nullable: false),
                    failed_recorder_id = table.Column<string>(type: "TEXT", nullable: false),
                    connected_since = table.Column<DateTime>(type: "TEXT", nullable: true),
                    entry_id = table.Column<Guid>(type: "TEXT", nullable: true),
                    failover_server_id = table.Column<string>(type: "TEXT", nullable: true),
                    attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    trigger = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    requested_by = table.Column<string>(type: "TEXT", nullable: true),
                    started_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    answer_due_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    settings_digest = table.Column<string>(type: "TEXT", nullable: true),
                    version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_failback_saga", x => x.correlation_id);
                });

            migrationBuilder.CreateTable(
                name: "failover_log",
                columns: table => new
                {
                    entry_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    failed_recorder_id = table.Column<string>(type: "TEXT", nullable: false),
                    failover_server_id = table.Column<string>(type: "TEXT", nullable: false),
                    failover_started_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    failover_ended_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    failover = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    failover_reason = table.Column<string>(type: "TEXT", nullable: true),
                    failback = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    failback_reason = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    failback_detail = table.Column<string>(type: "TEXT", nullable: true),
                    failback_trigger = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    failback_requested_by = table.Column<string>(type: "TEXT", nullable: true),
                    failback_started_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    failback_ended_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    settings_digest = table.Column<string>(type: "TEXT", nullable: true),
                    tries = table.Column<int>(type: "INTEGER", nullable: false),
                    tries_on = table.Column<DateTime>(type: "TEXT", nullable: true),
                    material_copy = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    inherited_by = table.Column<Guid>(type: "TEXT", nullable: true),
                    hold = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    release_pending = table.Column<bool>(type: "INTEGER", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_failover_log", x => x.entry_id);
                });

            migrationBuilder.CreateTable(
                name: "inbox",
                columns: table => new
                {
                    message_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    consumer = table.Column<string>(type: "TEXT", nullable: false),
                    received_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_inbox", x => new { x.message_id, x.consumer });
                });

            migrationBuilder.CreateTable(
                name: "licence",
                columns: table => new
                {
                    id = table.Column<int>(type: "INTEGER", nullable: false),
                    failover_enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    licence_version = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_licence", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "maintenance",
                columns: table => new
                {
                    id = table.Column<int>(type: "INTEGER", nullable: false),
                    on = table.Column<bool>(type: "INTEGER", nullable: false),
                    maintenance_version = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_maintenance", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "material_copy",
                columns: table => new
                {
                    correlation_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    current_state = table.Column<string>(type: "TEXT", nullable: false),
                    entry_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    recorder_id = table.Column<string>(type: "TEXT", nullable: false),
                    requested_by = table.Column<string>(type: "TEXT", nullable: true),
                    request_id = table.Column<Guid>(type: "TEXT", nullable: true),
                    created_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    started_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    ended_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    epoch = table.Column<int>(type: "INTEGER", nullable: false),
                    answer_due_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    tries = table.Column<int>(type: "INTEGER", nullable: false),
                    waiting_for = table.Column<string>(type: "TEXT", nullable: true),
                    failure = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    detail = table.Column<string>(type: "TEXT", nullable: true),
                    plan_digest = table.Column<string>(type: "TEXT", nullable: true),
                    channel_copies = table.Column<int>(type: "INTEGER", nullable: false),
                    planned_items = table.Column<long>(type: "INTEGER", nullable: false),
                    planned_bytes = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_material_copy", x => x.correlation_id);
                });

            migrationBuilder.CreateTable(
                name: "outbox",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    message_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    correlation_id = table.Column<Guid>(type: "TEXT", nullable: true),
                    conversation_id = table.Column<Guid>(type: "TEXT", nullable: true),
                    message_type = table.Column<string>(type: "TEXT", nullable: false),
                    urns = table.Column<string>(type: "TEXT", nullable: false),
                    destination = table.Column<string>(type: "TEXT", nullable: true),
                    content_type = table.Column<string>(type: "TEXT", nullable: false),
                    headers = table.Column<string>(type: "TEXT", nullable: true),
                    body = table.Column<byte[]>(type: "BLOB", nullable: false),
                    not_before = table.Column<DateTime>(type: "TEXT", nullable: true),
                    enqueued_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    trace_parent = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_outbox", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "recorder",
                columns: table => new
                {
                    recorder_id = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    address = table.Column<string>(type: "TEXT", nullable: false),
                    address_version = table.Column<long>(type: "INTEGER", nullable: false),
                    configuration_version = table.Column<long>(type: "INTEGER", nullable: false),
                    role = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    failover_enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    automatic_failback = table.Column<bool>(type: "INTEGER", nullable: false),
                    automatic_material_copy = table.Column<bool>(type: "INTEGER", nullable: false),
                    connected = table.Column<bool>(type: "INTEGER", nullable: false),
                    connection_changed_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    maintenance_mode = table.Column<bool>(type: "INTEGER", nullable: false),
                    maintenance_version = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_recorder", x => x.recorder_id);
                });

            migrationBuilder.CreateTable(
                name: "recorder_settings",
                columns: table => new
                {
                    recorder_id = table.Column<string>(type: "TEXT", nullable: false),
                    digest = table.Column<string>(type: "TEXT", nullable: false),
                    length = table.Column<long>(type: "INTEGER", nullable: false),
                    cached_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    settings_version = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_recorder_settings", x => x.recorder_id);
                });

            migrationBuilder.CreateTable(
                name: "system_change",
                columns: table => new
                {
                    number = table.Column<long>(type: "INTEGER", nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    entry_id = table.Column<Guid>(type: "TEXT", nullable: true),
                    material_copy_id = table.Column<Guid>(type: "TEXT", nullable: true),
                    recorder_ids = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_system_change", x => x.number);
                });

            migrationBuilder.CreateTable(
                name: "system_change_counter",
                columns: table => new
                {
                    id = table.Column<int>(type: "INTEGER", nullable: false),
                    last = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_system_change_counter", x => x.id);
                });

            migrationBuilder.InsertData(
                table: "system_change_counter",
                columns: new[] { "id", "last" },
                values: new object[] { 1, 0L });

            migrationBuilder.CreateIndex(
                name: "IX_audit_at",
                table: "audit",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "IX_channel_copy_material_copy_id_ordinal",
                table: "channel_copy",
                columns: new[] { "material_copy_id", "ordinal" });

            migrationBuilder.CreateIndex(
                name: "IX_failback_saga_answer_due_at",
                table: "failback_saga",
                column: "answer_due_at");

            migrationBuilder.CreateIndex(
                name: "IX_failover_log_failed_recorder_id_failover_started_at",
                table: "failover_log",
                columns: new[] { "failed_recorder_id", "failover_started_at" });

            migrationBuilder.CreateIndex(
                name: "IX_failover_log_failover_server_id",
                table: "failover_log",
                column: "failover_server_id");

            migrationBuilder.CreateIndex(
                name: "IX_failover_log_inherited_by",
                table: "failover_log",
                column: "inherited_by");

            migrationBuilder.CreateIndex(
                name: "failover_log_open",
                table: "failover_log",
                columns: new[] { "failover_started_at", "entry_id" },
                filter: "(failover = 'Succeeded' AND failback <> 'Succeeded') OR hold IN ('Placing', 'Releasing') OR release_pending");

            migrationBuilder.CreateIndex(
                name: "failover_log_running",
                table: "failover_log",
                column: "failed_recorder_id",
                unique: true,
                filter: "failback = 'Running'");

            migrationBuilder.CreateIndex(
                name: "IX_inbox_received_at",
                table: "inbox",
                column: "received_at");

            migrationBuilder.CreateIndex(
                name: "IX_material_copy_current_state_answer_due_at",
                table: "material_copy",
                columns: new[] { "current_state", "answer_due_at" });

            migrationBuilder.CreateIndex(
                name: "IX_material_copy_recorder_id_created_at",
                table: "material_copy",
                columns: new[] { "recorder_id", "created_at" });

            migrationBuilder.CreateIndex(
                name: "IX_outbox_not_before",
                table: "outbox",
                column: "not_before");

            // What was noted stays as it was (D14).
            migrationBuilder.Sql(
                """
                CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append only'); END;
                CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append only'); END;
                """
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "audit");

            migrationBuilder.DropTable(
                name: "channel_copy");

            migrationBuilder.DropTable(
                name: "document");

            migrationBuilder.DropTable(
                name: "failback_saga");

            migrationBuilder.DropTable(
                name: "failover_log");

            migrationBuilder.DropTable(
                name: "inbox");

            migrationBuilder.DropTable(
                name: "licence");

            migrationBuilder.DropTable(
                name: "maintenance");

            migrationBuilder.DropTable(
                name: "material_copy");

            migrationBuilder.DropTable(
                name: "outbox");

            migrationBuilder.DropTable(
                name: "recorder");

            migrationBuilder.DropTable(
                name: "recorder_settings");

            migrationBuilder.DropTable(
                name: "system_change");

            migrationBuilder.DropTable(
                name: "system_change_counter");
        }
    }
}
