/* state/schema.c - see schema.h */
#include "state/schema.h"
#include "state/internal.h"
#include <stdio.h>

/* From version n to n + 1. */
static const char *const steps[] = {
    "ALTER TABLE message ADD COLUMN target_gone BIGINT; ALTER TABLE message ADD COLUMN owed TEXT;",
    "ALTER TABLE folder ADD COLUMN wanted BIGINT NOT NULL DEFAULT 0; ALTER TABLE folder ADD COLUMN trouble TEXT;",
    ("ALTER TABLE message ADD COLUMN mending SMALLINT; ALTER TABLE message ADD COLUMN mended SMALLINT; "
     "ALTER TABLE message ADD COLUMN mended_at BIGINT;"),
    ("CREATE TABLE scanned ( account INTEGER NOT NULL REFERENCES account (id), raw BLOB NOT NULL, verdict "
     "SMALLINT NOT NULL, decision SMALLINT NOT NULL, name TEXT NOT NULL, signatures BIGINT, at BIGINT NOT "
     "NULL, kept TEXT, PRIMARY KEY (account, raw) ); DROP VIEW listing; CREATE VIEW listing AS SELECT "
     "account.source AS account, folder.source AS source_folder, message.source_uid, folder.target AS "
     "target_folder, message.target_uid, CASE message.state WHEN 0 THEN 'intent' WHEN 1 THEN 'copied' WHEN "
     "2 THEN 'adopted' WHEN 3 THEN 'failed' WHEN 4 THEN 'vanished' WHEN 5 THEN 'deleted' ELSE 'withheld' "
     "END AS state, message.octets, message.flags, message.message_id, message.subject, message.code, "
     "message.text FROM message JOIN folder ON folder.id = message.folder JOIN account ON account.id = "
     "folder.account;"),
    ("CREATE TABLE surplus (id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES account (id), "
     "from_mailbox TEXT NOT NULL, from_uidvalidity BIGINT NOT NULL, from_uid BIGINT NOT NULL, "
     "to_mailbox TEXT NOT NULL, to_uidvalidity BIGINT NOT NULL, to_uidnext BIGINT NOT NULL, to_uid BIGINT, "
     "kept_uid BIGINT, raw BLOB NOT NULL, octets BIGINT NOT NULL, undoes BIGINT, state SMALLINT NOT NULL, "
     "at BIGINT NOT NULL);"),
};

const mig__schema mig__schema_current = {6, mig__schema_sql, steps};

static int number(sqlite3 *db, const char *sql, int *out, mig_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(stmt);
    }
    if (rc == SQLITE_ROW) {
        *out = sqlite3_column_int(stmt, 0);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    return rc == SQLITE_OK ? 0 : mig__sql_error(db, rc, err);
}

static int execute(sqlite3 *db, const char *sql, mig_error *err)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : mig__sql_error(db, rc, err);
}

/* In one transaction, which the version is part of: a kill leaves the old file or the new one. */
static int bring_along(sqlite3 *db, const mig__schema *schema, int version, mig_error *err)
{
    char pragmas[96];

    snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             MIG__STATE_APPLICATION_ID, schema->version);
    if (execute(db, "BEGIN IMMEDIATE", err) != 0) {
        return -1;
    }
    int rc = 0;
    if (version == 0) {
        rc = execute(db, schema->create, err);
    }
    for (int from = version; rc == 0 && from > 0 && from < schema->version; from++) {
        rc = execute(db, schema->steps[from - 1], err);
        if (rc != 0) {
            mig_error_context(err, "migrating from version %d to %d", from, from + 1);
        }
    }
    if (rc == 0) {
        rc = execute(db, pragmas, err);
    }
    if (rc == 0) {
        rc = execute(db, "COMMIT", err);
    }
    if (rc != 0) {
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL); /* the first error is the one that counts */
    }
    return rc;
}

int mig__schema_prepare(sqlite3 *db, const mig__schema *schema, bool read_only, mig_error *err)
{
    int id = 0;
    int version = 0;
    int tables = 0;

    if (number(db, "PRAGMA application_id", &id, err) != 0 || number(db, "PRAGMA user_version", &version, err) != 0 ||
        number(db, "SELECT count(*) FROM sqlite_master", &tables, err) != 0) {
        return -1;
    }
    if (id != MIG__STATE_APPLICATION_ID && (id != 0 || version != 0 || tables != 0)) {
        mig_error_set(err, MIG_E_STATE, "%s is an SQLite database, but not a state of mailmigrate", mig__sql_name(db));
        return mig_error_hint(err, "name another file with --state; this one was not touched");
    }
    if (version > schema->version) {
        mig_error_set(err, MIG_E_STATE,
                      "the state file %s is of version %d, which is newer than this program (it knows up to %d)",
                      mig__sql_name(db), version, schema->version);
        return mig_error_hint(err, "use the mailmigrate that wrote it, or a newer one");
    }
    if (version == schema->version) {
        return 0;
    }
    if (read_only) {
        mig_error_set(err, MIG_E_STATE, "the state file %s is of version %d, and %d is needed for reading",
                      mig__sql_name(db), version, schema->version);
        return mig_error_hint(err, "run `mailmigrate copy` once: it brings the file along");
    }
    return bring_along(db, schema, version, err);
}
