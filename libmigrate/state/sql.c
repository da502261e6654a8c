/*
 * state/sql.c - every statement of the module, prepared when first used and kept
 *
 * SQLite and PostgreSQL both take these (ON CONFLICT, RETURNING); what only SQLite has is in open.c and schema.c.
 */
#include "state/internal.h"
#include <errno.h>

/* The order that mig__read_message reads. */
#define MESSAGE_COLUMNS                                                                                                \
    "id, source_uid, target_uid, state, octets, raw, canonical, canonical_version, date_utc, date_zone, flags, "       \
    "email_id, code, text, message_id, subject, folder, owed, target_gone"

#define MESSAGE_CONTENT                                                                                                \
    "octets, raw, canonical, canonical_version, date_utc, date_zone, flags, email_id, message_id, subject, owed"

static const char *const statements[SQL_ID_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    /* Rows of an open batch may be gone (a reset), their numbers must stay free until its outcome. */
    [SQL_NEXT_MESSAGE] = "SELECT 1 + max(coalesce((SELECT max(id) FROM message), 0), "
                         "coalesce((SELECT max(first_message + messages - 1) FROM batch), 0))",
    [SQL_NEXT_BATCH] = "SELECT 1 + coalesce(max(id), 0) FROM batch",

    [SQL_ACCOUNT_INSERT] = "INSERT INTO account (source, target) VALUES (?, ?) "
                           "ON CONFLICT (source, target) DO UPDATE SET source = excluded.source RETURNING id",
    [SQL_ACCOUNT_FIND] = "SELECT id FROM account WHERE source = ? AND target = ?",
    [SQL_ACCOUNTS] = "SELECT id, source, target FROM account ORDER BY id",
    [SQL_LEASE] = "UPDATE account SET lease_owner = ?1, lease_until = ?2 WHERE id = ?3 AND "
                  "(lease_owner IS NULL OR lease_owner = ?1 OR lease_until <= ?4) RETURNING id",
    [SQL_RELEASE] = "UPDATE account SET lease_owner = NULL, lease_until = NULL WHERE id = ? AND lease_owner = ?",

    [SQL_FOLDERS] =
        "SELECT id, source, target, source_mailbox_id, target_mailbox_id, source_uidvalidity, source_uidnext, "
        "source_messages, source_modseq, target_uidvalidity, target_uidnext, target_messages, target_modseq, "
        "created, wanted, trouble FROM folder WHERE account = ? ORDER BY source",
    [SQL_FOLDER_DISPLACE] = "UPDATE folder SET source = char(1) || id WHERE account = ? AND source = ? AND id <> ?",
    [SQL_FOLDER_INSERT] =
        "INSERT INTO folder (account, source, target, source_mailbox_id, target_mailbox_id, source_uidvalidity, "
        "source_uidnext, source_messages, source_modseq, target_uidvalidity, target_uidnext, target_messages, "
        "target_modseq, created, wanted, trouble) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT "
        "(account, source) DO "
        "UPDATE "
        "SET target = excluded.target, source_mailbox_id = excluded.source_mailbox_id, "
        "target_mailbox_id = excluded.target_mailbox_id, source_uidvalidity = excluded.source_uidvalidity, "
        "source_uidnext = excluded.source_uidnext, source_messages = excluded.source_messages, "
        "source_modseq = excluded.source_modseq, target_uidvalidity = excluded.target_uidvalidity, "
        "target_uidnext = excluded.target_uidnext, target_messages = excluded.target_messages, "
        "target_modseq = excluded.target_modseq, created = excluded.created, wanted = excluded.wanted, "
        "trouble = excluded.trouble RETURNING id",
    [SQL_FOLDER_UPDATE] =
        "UPDATE folder SET account = ?, source = ?, target = ?, source_mailbox_id = ?, target_mailbox_id = ?, "
        "source_uidvalidity = ?, source_uidnext = ?, source_messages = ?, source_modseq = ?, target_uidvalidity = ?, "
        "target_uidnext = ?, target_messages = ?, target_modseq = ?, created = ?, wanted = ?, trouble = ? WHERE id = ? "
        "RETURNING id",
    [SQL_RESET_SOURCE_FAILED] = "DELETE FROM message WHERE folder = ? AND state IN (3, 6)",
    [SQL_RESET_SOURCE_MESSAGES] = "UPDATE message SET source_uid = NULL WHERE folder = ?",
    [SQL_RESET_SOURCE_FOLDER] = "UPDATE folder SET source_uidvalidity = 0, source_uidnext = 0, source_messages = 0, "
                                "source_modseq = 0 WHERE id = ?",
    [SQL_RESET_TARGET_MESSAGES] = "UPDATE message SET target_uid = NULL WHERE folder = ?",
    [SQL_RESET_TARGET_FOLDER] = "UPDATE folder SET target_uidvalidity = 0, target_uidnext = 0, target_messages = 0, "
                                "target_modseq = 0 WHERE id = ?",

    [SQL_MESSAGES] = "SELECT " MESSAGE_COLUMNS " FROM message WHERE folder = ? ORDER BY source_uid",
    [SQL_ORPHANS] =
        "SELECT " MESSAGE_COLUMNS " FROM message WHERE folder = ? AND source_uid IS NULL AND state NOT IN (0, 3, 6) "
        "ORDER BY id",
    [SQL_UNPLACED] = "SELECT " MESSAGE_COLUMNS " FROM message WHERE folder = ? AND target_uid IS NULL AND "
                     "state IN (1, 2, 4) ORDER BY source_uid",
    [SQL_FAILED] = "SELECT " MESSAGE_COLUMNS " FROM message WHERE folder = ? AND state = 3 ORDER BY source_uid",
    [SQL_UNPROVEN] = "SELECT source_uid FROM message WHERE folder = ? AND state = 2 AND source_uid IS NOT NULL AND "
                     "(raw IS NULL OR canonical_version <> ?) ORDER BY source_uid",
    [SQL_BATCH_MESSAGES] = "SELECT " MESSAGE_COLUMNS " FROM message WHERE id >= ? AND id < ? AND state = 0 ORDER BY id",
    [SQL_MESSAGE_BY_UID] = "SELECT " MESSAGE_COLUMNS " FROM message WHERE folder = ? AND source_uid = ?",
    [SQL_MESSAGE_BY_ID] =
        "SELECT " MESSAGE_COLUMNS " FROM message WHERE id = ? AND target_uid IS NOT NULL AND "
        "target_gone IS NULL AND state IN (1, 2, 4) AND folder IN (SELECT id FROM folder WHERE account = ?)",
    [SQL_KEYS] =
        "SELECT message.id, message.raw, message.email_id FROM message JOIN folder ON folder.id = +message.folder "
        "WHERE message.id > ? AND folder.account = ? ORDER BY message.id",
    [SQL_UIDS] = "SELECT source_uid, CASE WHEN target_gone IS NULL THEN target_uid END, state FROM message WHERE "
                 "folder = ? ORDER BY source_uid",
    [SQL_COUNT] = "SELECT state, count(*), coalesce(sum(octets), 0), count(target_gone), "
                  "count(CASE WHEN target_uid IS NULL AND target_gone IS NULL THEN 1 END), count(owed) "
                  "FROM message WHERE folder = ? GROUP BY state",
    /* The '+' keeps the folders' index out of it: the few newest rows are wanted, by their ids. */
    [SQL_COUNT_SINCE] = "SELECT state, count(*), coalesce(sum(octets), 0), count(target_gone), 0, count(owed) "
                        "FROM message WHERE id > ? AND +folder IN "
                        "(SELECT id FROM folder WHERE account = ?) GROUP BY state",
    [SQL_LAST_MESSAGE] = "SELECT coalesce(max(id), 0) FROM message",

    /* A row that is there already is taken over: it gets the batch's number, and remembers what it was. */
    [SQL_MESSAGE_INTENT] =
        "INSERT INTO message (id, folder, source_uid, state, " MESSAGE_CONTENT ") "
        "VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (folder, source_uid) DO UPDATE SET id = "
        "excluded.id, "
        "previous = CASE message.state WHEN 0 THEN message.previous ELSE message.state END, state = 0, "
        "octets = excluded.octets, raw = excluded.raw, canonical = excluded.canonical, "
        "canonical_version = excluded.canonical_version, date_utc = excluded.date_utc, date_zone = excluded.date_zone, "
        "flags = excluded.flags, email_id = excluded.email_id, message_id = excluded.message_id, subject = "
        "excluded.subject, owed = excluded.owed",
    /* What was known of the content of that source UID stays true. The new number lets mig__keyindex find the row. */
    [SQL_MESSAGE_PUT] =
        "INSERT INTO message (id, folder, source_uid, state, " MESSAGE_CONTENT ", target_uid, code, text) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (folder, source_uid) DO UPDATE SET "
        "id = excluded.id, previous = NULL, state = excluded.state, octets = coalesce(excluded.octets, "
        "message.octets), "
        "raw = coalesce(excluded.raw, message.raw), canonical = coalesce(excluded.canonical, message.canonical), "
        "canonical_version = coalesce(excluded.canonical_version, message.canonical_version), "
        "date_utc = coalesce(excluded.date_utc, message.date_utc), "
        "date_zone = coalesce(excluded.date_zone, message.date_zone), flags = coalesce(excluded.flags, message.flags), "
        "email_id = coalesce(excluded.email_id, message.email_id), "
        "message_id = coalesce(excluded.message_id, message.message_id), "
        "subject = coalesce(excluded.subject, message.subject), target_uid = excluded.target_uid, code = "
        "excluded.code, "
        "text = excluded.text, target_gone = NULL, owed = excluded.owed",
    [SQL_MESSAGE_PLACED] =
        "UPDATE message SET state = 1, previous = NULL, target_uid = ?, code = NULL, text = NULL, target_gone = NULL, "
        "mended_at = CASE WHEN mending IS NULL THEN mended_at ELSE ? END, mended = coalesce(mending, mended), "
        "mending = NULL WHERE id = ? AND state = 0",
    [SQL_MESSAGE_BACK] = "UPDATE message SET state = previous, previous = NULL WHERE id = ? AND state = 0 AND "
                         "previous IS NOT NULL",
    /* It was to be sent again, since the target does not have it: the next run does that. */
    [SQL_MESSAGE_BACK_LOST] = "UPDATE message SET state = CASE WHEN previous IN (1, 2) THEN 3 ELSE previous END, "
                              "target_uid = CASE WHEN previous "
                              "IN (1, 2) THEN NULL ELSE target_uid END, code = CASE WHEN previous IN (1, 2) THEN "
                              "'lost' ELSE code END, text = CASE "
                              "WHEN previous IN (1, 2) THEN 'a run was cut off while it sent the message again' ELSE "
                              "text END, previous = NULL "
                              "WHERE id = ? AND state = 0 AND previous IS NOT NULL",
    [SQL_MESSAGE_DROP] = "DELETE FROM message WHERE id = ? AND state = 0",
    [SQL_MESSAGE_FLAGS] = "UPDATE message SET flags = ?, owed = ? WHERE folder = ? AND source_uid = ?",
    [SQL_MESSAGE_GONE] = "UPDATE message SET state = ? WHERE folder = ? AND source_uid = ? AND "
                         "state NOT IN (0, 3, 6)",
    [SQL_MESSAGE_MAKE_ROOM] =
        "DELETE FROM message WHERE folder = ?1 AND source_uid = ?2 AND "
        "EXISTS (SELECT 1 FROM message AS mover WHERE mover.folder = ?3 AND mover.source_uid = ?4) "
        "AND (?1 <> ?3 OR ?2 <> ?4)",
    [SQL_MESSAGE_MOVE] = "UPDATE message SET folder = ?, source_uid = ?, target_uid = ?, "
                         "state = CASE state WHEN 4 THEN 1 ELSE state END WHERE folder = ? AND source_uid = ?",
    [SQL_MESSAGE_REPAIR_ROOM] = "DELETE FROM message WHERE source_uid = ?1 AND id <> ?2 AND "
                                "folder = (SELECT folder FROM message WHERE id = ?2)",
    [SQL_MESSAGE_REPAIR] =
        "UPDATE message SET source_uid = coalesce(?1, source_uid), target_uid = coalesce(?2, target_uid), "
        "target_gone = CASE WHEN ?2 IS NULL THEN target_gone END WHERE id = ?3",
    [SQL_MESSAGE_SEEN] = "UPDATE message SET target_gone = ? WHERE id = ?",
    [SQL_MESSAGE_UNPLACE] = "UPDATE message SET target_uid = NULL, target_gone = NULL WHERE id = ?",
    [SQL_MESSAGE_MENDING] = "UPDATE message SET mending = ? WHERE id = ?",
    [SQL_MESSAGE_MENDED] = "UPDATE message SET mending = NULL, mended = ?, mended_at = ? WHERE id = ?",
    [SQL_MENDED] = "SELECT mended, count(*), max(mended_at) FROM message WHERE mended IS NOT NULL AND "
                   "state IN (1, 2, 4) AND folder IN (SELECT id FROM folder WHERE account = ?) GROUP BY mended",
    [SQL_OWED] = "SELECT owed, count(*), min(source_uid) FROM message WHERE folder = ? AND owed IS NOT NULL AND "
                 "target_gone IS NULL AND state IN (1, 2) GROUP BY owed",
    [SQL_MESSAGE_FORGET] = "DELETE FROM message WHERE id = ?",
    [SQL_SCANNED_PUT] =
        "INSERT INTO scanned (account, raw, verdict, decision, name, signatures, at, kept) VALUES (?, ?, ?, ?, ?, ?, "
        "?, ?) "
        "ON CONFLICT (account, raw) DO UPDATE SET verdict = excluded.verdict, decision = excluded.decision, "
        "name = excluded.name, signatures = excluded.signatures, at = excluded.at, kept = coalesce(excluded.kept, "
        "scanned.kept)",
    [SQL_SCANNED] =
        "SELECT raw, verdict, decision, name, signatures, at, kept FROM scanned WHERE account = ? ORDER BY raw",

    [SQL_BATCH_INSERT] =
        "INSERT INTO batch (id, folder, first_message, messages, target_uidvalidity, target_uidnext, begun) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
    [SQL_BATCH_DELETE] = "DELETE FROM batch WHERE id = ?",
    [SQL_BATCHES] = "SELECT batch.id, batch.folder, first_message, messages, batch.target_uidvalidity, "
                    "batch.target_uidnext FROM batch JOIN folder ON folder.id = batch.folder WHERE account = ? "
                    "ORDER BY batch.id",
    [SQL_ALL_BATCHES] = "SELECT id, first_message, messages FROM batch ORDER BY id",

    [SQL_RUN_BEGIN] = "INSERT INTO run (account, verb, version, host, pid, uid, begun) VALUES (?, ?, ?, ?, ?, ?, ?) "
                      "RETURNING id",
    [SQL_RUN_END] = "UPDATE run SET ended = ?, status = ?, copied = ?, failed = ?, octets = ? WHERE id = ?",
    [SQL_RUNS] = "SELECT id, verb, version, host, pid, uid, begun, ended, status, copied, failed, octets FROM run "
                 "WHERE account = ? ORDER BY id DESC",
    [SQL_EVENT_INSERT] = "INSERT INTO event (run, at, kind, folder, text) VALUES (?, ?, ?, ?, ?)",
    [SQL_EVENTS] = "SELECT at, kind, folder, text FROM event WHERE run = ? ORDER BY id",
    [SQL_SURPLUS] =
        "SELECT id, from_mailbox, from_uidvalidity, from_uid, to_mailbox, to_uidvalidity, to_uidnext, to_uid, "
        "kept_uid, raw, octets, undoes, state, at FROM surplus WHERE account = ? ORDER BY id",
    [SQL_SURPLUS_INSERT] =
        "INSERT INTO surplus (account, from_mailbox, from_uidvalidity, from_uid, to_mailbox, to_uidvalidity, "
        "to_uidnext, "
        "kept_uid, raw, octets, undoes, at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) RETURNING id",
    [SQL_SURPLUS_SETTLE] = "UPDATE surplus SET state = ?, to_uid = coalesce(?, to_uid) WHERE id = ?",
    [SQL_SURPLUS_FORGET] = "DELETE FROM surplus WHERE id = ?",
    [SQL_SENT_ADD] = "INSERT INTO sent (account, day, octets) SELECT account, ?, ? FROM folder WHERE id = ? "
                     "ON CONFLICT (account, day) DO UPDATE SET "
                     "octets = sent.octets + excluded.octets",
    [SQL_SENT_GET] = "SELECT octets FROM sent WHERE account = ? AND day = ?",
};

mig__query mig__sql(mig__state *state, mig__sql_id id)
{
    mig__query query = {state->db, state->statements[id], 0, SQLITE_OK};
    if (!query.stmt) {
        query.rc = sqlite3_prepare_v3(state->db, statements[id], -1, SQLITE_PREPARE_PERSISTENT, &query.stmt, NULL);
        state->statements[id] = query.stmt;
    }
    return query;
}

static void bound(mig__query *query, int rc)
{
    if (query->rc == SQLITE_OK) {
        query->rc = rc;
    }
}

void mig__bind_int(mig__query *query, int64_t value)
{
    bound(query, sqlite3_bind_int64(query->stmt, ++query->at, value));
}

void mig__bind_null(mig__query *query)
{
    bound(query, sqlite3_bind_null(query->stmt, ++query->at));
}

void mig__bind_known(mig__query *query, int64_t value)
{
    if (value == 0) {
        mig__bind_null(query);
    } else {
        mig__bind_int(query, value);
    }
}

void mig__bind_text(mig__query *query, const char *text)
{
    bound(query, sqlite3_bind_text(query->stmt, ++query->at, text, -1, SQLITE_STATIC));
}

void mig__bind_known_text(mig__query *query, const char *text)
{
    mig__bind_text(query, text && text[0] ? text : NULL);
}

void mig__bind_digest(mig__query *query, const uint8_t *digest)
{
    bound(query, sqlite3_bind_blob(query->stmt, ++query->at, digest, digest ? MIG__DIGEST_SIZE : 0, SQLITE_STATIC));
}

void mig__sql_end(mig__query *query)
{
    sqlite3_reset(query->stmt);
}

int mig__sql_row(mig__query *query, mig_error *err)
{
    int rc = query->rc == SQLITE_OK ? sqlite3_step(query->stmt) : query->rc;
    if (rc == SQLITE_ROW) {
        return 1;
    }
    if (rc != SQLITE_DONE) {
        mig__sql_error(query->db, rc, err); /* before the reset, which could change the words */
    }
    mig__sql_end(query);
    return rc == SQLITE_DONE ? 0 : -1;
}

int mig__sql_run(mig__query *query, mig_error *err)
{
    int rc;
    do {
        rc = mig__sql_row(query, err);
    } while (rc > 0);
    return rc;
}

const char *mig__column_text(const mig__query *query, int column)
{
    const unsigned char *text = sqlite3_column_text(query->stmt, column);
    return text ? (const char *)text : "";
}

void mig__sql_finalize(mig__state *state)
{
    for (int i = 0; i < SQL_ID_COUNT; i++) {
        sqlite3_finalize(state->statements[i]);
        state->statements[i] = NULL;
    }
}

const char *mig__sql_name(sqlite3 *db)
{
    const char *name = db ? sqlite3_db_filename(db, "main") : NULL;
    return name && name[0] ? name : "(in memory)";
}

/* With what the system said, where it said something; a full disk is told apart by that as well. */
static int system_error(mig_error *err, mig_code code, int number, const char *name, const char *words, int rc)
{
    if (number == 0) {
        return mig_error_set(err, code, "the state file %s: %s (%d)", name, words, rc);
    }
    return mig_error_errno(err, code, number, "the state file %s: %s (%d)", name, words, rc);
}

int mig__sql_error(sqlite3 *db, int rc, mig_error *err)
{
    const char *name = mig__sql_name(db);
    const char *words = db ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
    int number = db ? sqlite3_system_errno(db) : 0;
    int primary = rc == SQLITE_IOERR_NOMEM ? SQLITE_NOMEM : rc & 0xff;

    if (primary == SQLITE_IOERR && (number == ENOSPC || number == EDQUOT)) {
        primary = SQLITE_FULL;
    }
    switch (primary) {
    case SQLITE_FULL:
        mig_error_set(err, MIG_E_DISK_FULL, "the state file %s cannot grow: the disk is full", name);
        return mig_error_hint(err, "make room and run again: what was copied so far is recorded");
    case SQLITE_NOMEM:
        return mig_error_set(err, MIG_E_NOMEM, "the state file %s: out of memory", name);
    case SQLITE_IOERR:
        system_error(err, MIG_E_IO, number, name, words, rc);
        return mig_error_hint(err, "look at the disk (dmesg, smartctl), then run again");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
        mig_error_set(err, MIG_E_STATE, "the state file %s is damaged or not a state of mailmigrate: %s", name, words);
        return mig_error_hint(err,
                              "move it away: the next run makes a new one, and finds by content what it had copied");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        mig_error_set(err, MIG_E_STATE_LOCKED, "the state file %s is locked by another program (sqlite3?)", name);
        return mig_error_hint(err, "end that program, then run again");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        system_error(err, MIG_E_STATE, number, name, words, rc);
        return mig_error_hint(err, "check the owner and the permissions of the file and its directory");
    default:
        return mig_error_set(err, MIG_E_INTERNAL, "the state file %s: %s (%d)", name, words, rc);
    }
}
