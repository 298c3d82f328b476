CREATE TABLE IF NOT EXISTS "__EFMigrationsHistory" (
    "MigrationId" TEXT NOT NULL CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY,
    "ProductVersion" TEXT NOT NULL
);

BEGIN TRANSACTION;
CREATE TABLE "audit" (
    "audit_id" TEXT NOT NULL CONSTRAINT "PK_audit" PRIMARY KEY,
    "at" TEXT NOT NULL,
    "who" TEXT NOT NULL,
    "what" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "detail" TEXT NULL
);

CREATE TABLE "channel_copy" (
    "channel_copy_id" TEXT NOT NULL CONSTRAINT "PK_channel_copy" PRIMARY KEY,
    "material_copy_id" TEXT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "entry_id" TEXT NOT NULL,
    "source_recorder_id" TEXT NOT NULL,
    "origin_recorder_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "track_id" TEXT NOT NULL,
    "from" TEXT NOT NULL,
    "to" TEXT NOT NULL,
    "position" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "slices" TEXT NOT NULL,
    "slices_sent" INTEGER NOT NULL,
    "planned_items" INTEGER NOT NULL,
    "planned_bytes" INTEGER NOT NULL,
    "expected" INTEGER NOT NULL,
    "copied" INTEGER NOT NULL,
    "already_there" INTEGER NOT NULL,
    "verified" INTEGER NOT NULL,
    "overlaps" INTEGER NOT NULL,
    "conflicts" INTEGER NOT NULL,
    "bytes_copied" INTEGER NOT NULL,
    "missing" TEXT NOT NULL,
    "tries" INTEGER NOT NULL,
    "next_try_at" TEXT NULL,
    "failure" TEXT NULL,
    "detail" TEXT NULL,
    "version" INTEGER NOT NULL
);

CREATE TABLE "document" (
    "digest" TEXT NOT NULL CONSTRAINT "PK_document" PRIMARY KEY,
    "bytes" BLOB NOT NULL,
    "created_at" TEXT NOT NULL
);

CREATE TABLE "failback_saga" (
    "correlation_id" TEXT NOT NULL CONSTRAINT "PK_failback_saga" PRIMARY KEY,
    "current_state" TEXT NOT NULL,
    "failed_recorder_id" TEXT NOT NULL,
    "connected_since" TEXT NULL,
    "entry_id" TEXT NULL,
    "failover_server_id" TEXT NULL,
    "attempt" INTEGER NOT NULL,
    "trigger" TEXT NOT NULL,
    "requested_by" TEXT NULL,
    "started_at" TEXT NULL,
    "answer_due_at" TEXT NULL,
    "settings_digest" TEXT NULL,
    "version" INTEGER NOT NULL
);

CREATE TABLE "failover_log" (
    "entry_id" TEXT NOT NULL CONSTRAINT "PK_failover_log" PRIMARY KEY,
    "failed_recorder_id" TEXT NOT NULL,
    "failover_server_id" TEXT NOT NULL,
    "failover_started_at" TEXT NOT NULL,
    "failover_ended_at" TEXT NULL,
    "failover" TEXT NOT NULL,
    "failover_reason" TEXT NULL,
    "failback" TEXT NOT NULL,
    "failback_reason" TEXT NULL,
    "failback_detail" TEXT NULL,
    "failback_trigger" TEXT NULL,
    "failback_requested_by" TEXT NULL,
    "failback_started_at" TEXT NULL,
    "failback_ended_at" TEXT NULL,
    "attempt" INTEGER NOT NULL,
    "settings_digest" TEXT NULL,
    "tries" INTEGER NOT NULL,
    "tries_on" TEXT NULL,
    "material_copy" TEXT NOT NULL,
    "inherited_by" TEXT NULL,
    "hold" TEXT NOT NULL,
    "release_pending" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
);

CREATE TABLE "inbox" (
    "message_id" TEXT NOT NULL,
    "consumer" TEXT NOT NULL,
    "received_at" TEXT NOT NULL,
    CONSTRAINT "PK_inbox" PRIMARY KEY ("message_id", "consumer")
);

CREATE TABLE "licence" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_licence" PRIMARY KEY,
    "failover_enabled" INTEGER NOT NULL,
    "licence_version" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
);

CREATE TABLE "maintenance" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_maintenance" PRIMARY KEY,
    "on" INTEGER NOT NULL,
    "maintenance_version" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
);

CREATE TABLE "material_copy" (
    "correlation_id" TEXT NOT NULL CONSTRAINT "PK_material_copy" PRIMARY KEY,
    "current_state" TEXT NOT NULL,
    "entry_id" TEXT NOT NULL,
    "recorder_id" TEXT NOT NULL,
    "requested_by" TEXT NULL,
    "request_id" TEXT NULL,
    "created_at" TEXT NOT NULL,
    "started_at" TEXT NULL,
    "ended_at" TEXT NULL,
    "epoch" INTEGER NOT NULL,
    "answer_due_at" TEXT NULL,
    "tries" INTEGER NOT NULL,
    "waiting_for" TEXT NULL,
    "failure" TEXT NULL,
    "detail" TEXT NULL,
    "plan_digest" TEXT NULL,
    "channel_copies" INTEGER NOT NULL,
    "planned_items" INTEGER NOT NULL,
    "planned_bytes" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
);

CREATE TABLE "outbox" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_outbox" PRIMARY KEY AUTOINCREMENT,
    "message_id" TEXT NOT NULL,
    "correlation_id" TEXT NULL,
    "conversation_id" TEXT NULL,
    "message_type" TEXT NOT NULL,
    "urns" TEXT NOT NULL,
    "destination" TEXT NULL,
    "content_type" TEXT NOT NULL,
    "headers" TEXT NULL,
    "body" BLOB NOT NULL,
    "not_before" TEXT NULL,
    "enqueued_at" TEXT NOT NULL,
    "trace_parent" TEXT NULL
);

CREATE TABLE "recorder" (
    "recorder_id" TEXT NOT NULL CONSTRAINT "PK_recorder" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "address_version" INTEGER NOT NULL,
    "configuration_version" INTEGER NOT NULL,
    "role" TEXT NOT NULL,
    "failover_enabled" INTEGER NOT NULL,
    "automatic_failback" INTEGER NOT NULL,
    "automatic_material_copy" INTEGER NOT NULL,
    "connected" INTEGER NOT NULL,
    "connection_changed_at" TEXT NOT NULL,
    "maintenance_mode" INTEGER NOT NULL,
    "maintenance_version" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
);

CREATE TABLE "recorder_settings" (
    "recorder_id" TEXT NOT NULL CONSTRAINT "PK_recorder_settings" PRIMARY KEY,
    "digest" TEXT NOT NULL,
    "length" INTEGER NOT NULL,
    "cached_at" TEXT NOT NULL,
    "settings_version" INTEGER NOT NULL,
    "version" INTEGER NOT NULL
);

CREATE TABLE "system_change" (
    "number" INTEGER NOT NULL CONSTRAINT "PK_system_change" PRIMARY KEY,
    "kind" TEXT NOT NULL,
    "at" TEXT NOT NULL,
    "entry_id" TEXT NULL,
    "material_copy_id" TEXT NULL,
    "recorder_ids" TEXT NOT NULL
);

CREATE TABLE "system_change_counter" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_system_change_counter" PRIMARY KEY,
    "last" INTEGER NOT NULL
);

INSERT INTO "system_change_counter" ("id", "last")
VALUES (1, 0);
SELECT changes();


CREATE INDEX "IX_audit_at" ON "audit" ("at");

CREATE INDEX "IX_channel_copy_material_copy_id_ordinal" ON "channel_copy" ("material_copy_id", "ordinal");

CREATE INDEX "IX_failback_saga_answer_due_at" ON "failback_saga" ("answer_due_at");

CREATE INDEX "IX_failover_log_failed_recorder_id_failover_started_at" ON "failover_log" ("failed_recorder_id", "failover_started_at");

CREATE INDEX "IX_failover_log_failover_server_id" ON "failover_log" ("failover_server_id");

CREATE INDEX "IX_failover_log_inherited_by" ON "failover_log" ("inherited_by");

CREATE INDEX "failover_log_open" ON "failover_log" ("failover_started_at", "entry_id") WHERE (failover = 'Succeeded' AND failback <> 'Succeeded') OR hold IN ('Placing', 'Releasing') OR release_pending;

CREATE UNIQUE INDEX "failover_log_running" ON "failover_log" ("failed_recorder_id") WHERE failback = 'Running';

CREATE INDEX "IX_inbox_received_at" ON "inbox" ("received_at");

CREATE INDEX "IX_material_copy_current_state_answer_due_at" ON "material_copy" ("current_state", "answer_due_at");

CREATE INDEX "IX_material_copy_recorder_id_created_at" ON "material_copy" ("recorder_id", "created_at");

CREATE INDEX "IX_outbox_not_before" ON "outbox" ("not_before");

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append only'); END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append only'); END;

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261123030941_InitialSqlite', '10.0.15');

COMMIT;

BEGIN TRANSACTION;
ALTER TABLE "material_copy" ADD "closed_until" TEXT NULL;

ALTER TABLE "material_copy" ADD "period_order" TEXT NULL;

ALTER TABLE "material_copy" ADD "urgent" TEXT NOT NULL DEFAULT '[]';

CREATE TABLE "copy_limits" (
    "recorder_id" TEXT NOT NULL CONSTRAINT "PK_copy_limits" PRIMARY KEY,
    "max_bytes_per_second" INTEGER NULL,
    "channels_at_once" INTEGER NULL,
    "hours" TEXT NULL,
    "changed_by" TEXT NOT NULL,
    "changed_at" TEXT NOT NULL,
    "version" INTEGER NOT NULL
);

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261129072157_LimitsAndUrgency', '10.0.15');

COMMIT;

BEGIN TRANSACTION;
DROP INDEX "IX_audit_at";

ALTER TABLE "channel_copy" ADD "missing_items" INTEGER NOT NULL DEFAULT 0;

UPDATE channel_copy SET missing_items =
    (SELECT COALESCE(SUM(json_extract(value, '$.items')), 0) FROM json_each(missing))
WHERE missing <> '[]';

CREATE TABLE "idempotency_key" (
    "key" TEXT NOT NULL CONSTRAINT "PK_idempotency_key" PRIMARY KEY,
    "asker" TEXT NOT NULL,
    "request" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "asked_at" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "decided_at" TEXT NULL,
    "answer" TEXT NULL,
    "version" INTEGER NOT NULL
);

CREATE INDEX "failover_log_active" ON "failover_log" ("failover_started_at", "entry_id") WHERE failback <> 'Succeeded' OR material_copy <> 'Succeeded';

CREATE INDEX "failover_log_held" ON "failover_log" ("failover_server_id") WHERE hold IN ('Held', 'Releasing');

CREATE INDEX "failover_log_newest" ON "failover_log" ("failover_started_at", "entry_id");

CREATE INDEX "IX_audit_at_audit_id" ON "audit" ("at", "audit_id");

CREATE INDEX "IX_audit_subject_at_audit_id" ON "audit" ("subject", "at", "audit_id");

CREATE INDEX "IX_audit_who_at_audit_id" ON "audit" ("who", "at", "audit_id");

CREATE INDEX "IX_idempotency_key_asked_at" ON "idempotency_key" ("asked_at");

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261129103121_Doors', '10.0.15');

COMMIT;

BEGIN TRANSACTION;
CREATE TABLE "coverage_report" (
    "report_id" TEXT NOT NULL CONSTRAINT "PK_coverage_report" PRIMARY KEY,
    "entry_id" TEXT NOT NULL,
    "material_copy_id" TEXT NOT NULL,
    "recorder_id" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "evidence" TEXT NOT NULL,
    "asked_at" TEXT NOT NULL,
    "holds_until" TEXT NOT NULL,
    "answer_due_at" TEXT NULL,
    "tries" INTEGER NOT NULL,
    "made_at" TEXT NULL,
    "whole" INTEGER NOT NULL,
    "counts" TEXT NOT NULL,
    "root" TEXT NULL,
    "digest" TEXT NULL,
    "length" INTEGER NOT NULL,
    "signature" TEXT NULL,
    "public_key" TEXT NULL,
    "failure" TEXT NULL,
    "detail" TEXT NULL,
    "version" INTEGER NOT NULL
);

CREATE INDEX "coverage_report_asked" ON "coverage_report" ("answer_due_at") WHERE status = 'Asked';

CREATE INDEX "IX_coverage_report_entry_id_asked_at" ON "coverage_report" ("entry_id", "asked_at");

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261129144505_CoverageReports', '10.0.15');

COMMIT;

BEGIN TRANSACTION;
ALTER TABLE "failover_log" ADD "failed_recorder_address" TEXT NULL;

CREATE TABLE "queue_sight" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_queue_sight" PRIMARY KEY,
    "looked_at" TEXT NOT NULL,
    "queues" TEXT NOT NULL
);

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261129181133_AddressAndQueues', '10.0.15');

COMMIT;

BEGIN TRANSACTION;
DROP INDEX "failover_log_active";

ALTER TABLE "failover_log" ADD "doubted" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "channel_copy" ADD "counted_before" INTEGER NOT NULL DEFAULT 0;

CREATE INDEX "failover_log_active" ON "failover_log" ("failover_started_at", "entry_id") WHERE failback <> 'Succeeded' OR material_copy <> 'Succeeded' OR doubted;

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261130015644_DoubtedEntries', '10.0.15');

COMMIT;
