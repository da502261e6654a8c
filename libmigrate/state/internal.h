/* state/internal.h - what the files of this module share; nobody else includes it */
#ifndef MIG_STATE_INTERNAL_H
#define MIG_STATE_INTERNAL_H

#include "state/keyindex.h"
#include "state/lock.h"
#include "state/state.h"
#include <pthread.h>
#include <sqlite3.h>

/* ---- sql.c: prepared statements, bound in order, and SQLite's errors as ours ---- */

typedef enum mig__sql_id {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_NEXT_MESSAGE,
    SQL_NEXT_BATCH,
    SQL_ACCOUNT_INSERT,
    SQL_ACCOUNT_FIND,
    SQL_ACCOUNTS,
    SQL_LEASE,
    SQL_RELEASE,
    SQL_FOLDERS,
    SQL_FOLDER_DISPLACE,
    SQL_FOLDER_INSERT,
    SQL_FOLDER_UPDATE,
    SQL_RESET_SOURCE_FAILED,
    SQL_RESET_SOURCE_MESSAGES,
    SQL_RESET_SOURCE_FOLDER,
    SQL_RESET_TARGET_MESSAGES,
    SQL_RESET_TARGET_FOLDER,
    SQL_MESSAGES,
    SQL_ORPHANS,
    SQL_UNPLACED,
    SQL_FAILED,
    SQL_UNPROVEN,
    SQL_BATCH_MESSAGES,
    SQL_MESSAGE_BY_UID,
    SQL_MESSAGE_BY_ID,
    SQL_KEYS,
    SQL_UIDS,
    SQL_COUNT,
    SQL_COUNT_SINCE,
    SQL_LAST_MESSAGE,
    SQL_MESSAGE_INTENT,
    SQL_MESSAGE_PUT,
    SQL_MESSAGE_PLACED,
    SQL_MESSAGE_BACK,
    SQL_MESSAGE_BACK_LOST,
    SQL_MESSAGE_DROP,
    SQL_MESSAGE_FLAGS,
    SQL_MESSAGE_GONE,
    SQL_MESSAGE_MAKE_ROOM,
    SQL_MESSAGE_MOVE,
    SQL_MESSAGE_REPAIR_ROOM,
    SQL_MESSAGE_REPAIR,
    SQL_MESSAGE_FORGET,
    SQL_SCANNED_PUT,
    SQL_SCANNED,
    SQL_MESSAGE_SEEN,
    SQL_MESSAGE_UNPLACE,
    SQL_MESSAGE_MENDING,
    SQL_MESSAGE_MENDED,
    SQL_MENDED,
    SQL_OWED,
    SQL_BATCH_INSERT,
    SQL_BATCH_DELETE,
    SQL_BATCHES,
    SQL_ALL_BATCHES,
    SQL_RUN_BEGIN,
    SQL_RUN_END,
    SQL_RUNS,
    SQL_EVENT_INSERT,
    SQL_EVENTS,
    SQL_SURPLUS,
    SQL_SURPLUS_INSERT,
    SQL_SURPLUS_SETTLE,
    SQL_SURPLUS_FORGET,
    SQL_SENT_ADD,
    SQL_SENT_GET,
    SQL_ID_COUNT
} mig__sql_id;

typedef struct mig__query {
    sqlite3 *db;
    sqlite3_stmt *stmt;
    int at; /* parameters bound so far */
    int rc;
} mig__query;

/* Start a statement; then bind its parameters from left to right. Bound memory must live until the query ends. */
mig__query mig__sql(mig__state *state, mig__sql_id id);
void mig__bind_int(mig__query *query, int64_t value);
void mig__bind_known(mig__query *query, int64_t value); /* 0: NULL */
void mig__bind_null(mig__query *query);
void mig__bind_text(mig__query *query, const char *text);       /* NULL: NULL */
void mig__bind_known_text(mig__query *query, const char *text); /* NULL, "": NULL */
void mig__bind_digest(mig__query *query, const uint8_t *digest);
int mig__sql_row(mig__query *query, mig_error *err);               /* 1: a row; 0: no more, ended; -1: error, ended */
int mig__sql_run(mig__query *query, mig_error *err);               /* to its end: 0 or -1 */
void mig__sql_end(mig__query *query);                              /* early */
const char *mig__column_text(const mig__query *query, int column); /* NULL as "" */
int mig__sql_error(sqlite3 *db, int rc, mig_error *err);           /* returns -1 */
const char *mig__sql_name(sqlite3 *db);                            /* of the file, for people */
void mig__sql_finalize(mig__state *state);

/* ---- journal.c: the queue in front of the database ---- */

typedef enum mig__op_kind { OP_INTENT, OP_SETTLE, OP_PUT, OP_FLAGS, OP_GONE } mig__op_kind;

/* A write that waits for its turn. One that is not on the heap belongs to a caller who waits for it. */
typedef struct mig__op {
    struct mig__op *next;
    mig__op_kind kind;
    bool heap;
    int64_t folder;
    int64_t id;    /* batch, or first message of OP_PUT */
    int64_t first; /* message id of the batch's first */
    const mig__message *messages;
    const uint32_t *uids; /* OP_SETTLE: NULL: the target took none */
    size_t count;
    bool keep_unknown; /* OP_SETTLE: a UID of 0 was taken as well */
    uint32_t source_uid;
    uint32_t target_uidvalidity, target_uidnext;
    mig__message_state state; /* OP_PUT, OP_GONE */
    const char *flags, *owed; /* OP_FLAGS */
    int64_t day, octets;      /* OP_INTENT */
} mig__op;

/* A batch without outcome, known in memory as well, so that a wrong outcome is refused before it is queued. */
typedef struct mig__batch_range {
    int64_t id, first;
    size_t count;
} mig__batch_range;

struct mig__state {
    /* Guarded by queue_lock, which may be taken while db_lock is held, never the other way round. */
    pthread_mutex_t queue_lock;
    pthread_cond_t settled; /* durable grew, or the state failed, or there is no leader any more */
    mig__op *first, *last;
    size_t queued_octets;
    uint64_t enqueued, durable; /* tickets: the last one handed out, and up to which all is on disk */
    bool leading;               /* one thread commits for all */
    bool failed;
    mig_error failure;
    int64_t next_message, next_batch;
    mig__batch_range *batches;
    size_t batch_count;
    uint64_t commits; /* transactions that were written out... */
    double commit_seconds; /* ...and how long that took */

    /* Guarded by db_lock. */
    pthread_mutex_t db_lock;
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_ID_COUNT];
    bool in_transaction;
    bool outcome_applied; /* in the open transaction, for the crash point */
    int changes_at_begin;
    mig_error scratch; /* for callers who gave no mig_error */
    mig__keyindex *indexes;

    bool read_only;
    const mig_stop *stop;
    char *path; /* NULL: in memory */
    mig__lock lock;
};

/*
 * Take db_lock, bring the queue into the database, and begin a transaction if `write`. Returns the error to fill (err,
 * or the scratch one), or NULL: then err is filled and nothing is held. mig__leave gives the lock back; with `broken`
 * the error becomes the state's own for good.
 */
mig_error *mig__enter(mig__state *state, bool write, mig_error *err);
void mig__leave(mig__state *state, bool broken, const mig_error *err);

/* Queue a copy of `op`: `extra` octets of memory follow it, for the caller to fill before mig__queue. NULL: no memory.
 */
mig__op *mig__op_new(const mig__op *op, size_t extra, mig_error *err);
int mig__queue(mig__state *state, mig__op *op, size_t octets, mig_error *err);
/* With queue_lock, or while nobody else has the state. */
int mig__remember_batch(mig__state *state, mig__batch_range batch, mig_error *err);

/* ---- apply.c: the queued writes as SQL ---- */
int mig__apply(mig__state *state, const mig__op *op, mig_error *err);

/* ---- read.c ---- */
/* The message in the current row of one of the statements over MESSAGE_COLUMNS; borrowed strings. */
void mig__read_message(const mig__query *query, mig__message *out);

#endif
