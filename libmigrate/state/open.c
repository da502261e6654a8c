/* state/open.c - opening, checking and closing the file: what is particular to SQLite */
#include "state/internal.h"
#include "state/schema.h"
#include "base/buffer.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHECK_ALWAYS_OCTETS = 16 << 20, /* a file up to this size is checked at every start: some 20 ms */
    BUSY_MOST_MS = 2000,            /* how long another program may hold a lock in the file */
    BUSY_STEP_MS = 10
};

static void *no_memory(mig_error *err)
{
    mig_error_set(err, MIG_E_NOMEM, "out of memory for the state");
    return NULL;
}

/* ---- the file system ---- */

/* fsync of a directory, so that a name made in it survives a power cut. */
static int sync_directory(const char *path, mig_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "cannot open the directory %s", path);
    }
    int rc = 0;
    if (fsync(fd) != 0 && errno != EINVAL) { /* EINVAL: a file system that has no such thing */
        rc = mig_error_errno(err, MIG_E_IO, errno, "cannot write the directory %s", path);
    }
    close(fd);
    return rc;
}

/* The directory above `path`, which is changed for that; "" for none. Returns the cut slash, or NULL. */
static char *cut_parent(char *path)
{
    char *slash = strrchr(path, '/');
    while (slash && slash > path && slash[-1] == '/') {
        slash--;
    }
    if (slash) {
        *slash = '\0';
    }
    return slash;
}

/* Make the directories that lead to `path` and do not exist. */
static int make_directories(char *path, mig_error *err)
{
    char *slash = cut_parent(path);
    int rc = 0;

    if (slash && path[0] && access(path, F_OK) != 0) {
        rc = make_directories(path, err);
        if (rc == 0 && mkdir(path, 0700) != 0 && errno != EEXIST) {
            rc = mig_error_errno(err, MIG_E_IO, errno, "cannot make the directory %s", path);
        }
        if (rc == 0) {
            char *above = strrchr(path, '/');
            char saved = '\0';
            if (above && above > path) {
                saved = *above;
                *above = '\0';
            }
            rc = sync_directory(above == path ? "/" : above ? path : ".", err);
            if (saved) {
                *above = saved;
            }
        }
    }
    if (slash) {
        *slash = '/';
    }
    return rc;
}

/* The file with every link resolved: the lock must have one name, as SQLite's own files do. */
static char *resolve(const char *path, bool read_only, mig_error *err)
{
    char *copy = strdup(path);
    char *out = NULL;

    if (!copy) {
        return no_memory(err);
    }
    if (!read_only) {
        if (make_directories(copy, err) != 0) {
            goto cleanup;
        }
        int fd = open(copy, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0) {
            mig_error_errno(err, errno == EISDIR ? MIG_E_STATE : MIG_E_IO, errno, "cannot open the state file %s",
                            path);
            mig_error_hint(err, "check the path and its permissions, or name another file with --state");
            goto cleanup;
        }
        close(fd);
    }
    out = realpath(copy, NULL);
    if (!out) {
        mig_error_errno(err, MIG_E_STATE, errno, "cannot open the state file %s", path);
        mig_error_hint(err, "name the state file of the copy with --state");
    }
cleanup:
    free(copy);
    return out;
}

/* ---- the database ---- */

static int pragma(mig__state *state, const char *sql, mig_error *err)
{
    int rc = sqlite3_exec(state->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : mig__sql_error(state->db, rc, err);
}

static int text_of(mig__state *state, const char *sql, char *out, size_t size, mig_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(state->db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(stmt);
    }
    if (rc == SQLITE_ROW) {
        const unsigned char *text = sqlite3_column_text(stmt, 0);
        snprintf(out, size, "%s", text ? (const char *)text : "");
        rc = SQLITE_OK;
    }
    int result = rc == SQLITE_OK || rc == SQLITE_DONE ? 0 : mig__sql_error(state->db, rc, err);
    sqlite3_finalize(stmt);
    return result;
}

/*
 * quick_check reads the whole file, so it is done when it is cheap, and when there is a reason: the process before us
 * did not close the state. (Damage elsewhere still ends the run as soon as SQLite meets it.)
 */
static int check(mig__state *state, bool unclean, mig_error *err)
{
    struct stat st;
    char verdict[128] = "";

    if (!unclean && (stat(state->path, &st) != 0 || st.st_size > CHECK_ALWAYS_OCTETS)) {
        return 0;
    }
    if (text_of(state, "PRAGMA quick_check(1)", verdict, sizeof verdict, err) != 0) {
        return -1;
    }
    if (strcmp(verdict, "ok") == 0) {
        return 0;
    }
    mig_error_set(err, MIG_E_STATE, "the state file %s is damaged: %s", state->path, verdict);
    return mig_error_hint(err, "move it away: the next run makes a new one, and finds by content what it had copied");
}

/*
 * WAL with synchronous=FULL: each commit is one fsync of the log, and is on disk when it returns; NORMAL would leave
 * the last commits to a power cut, and with them the knowledge of what may be on the target already. Where a file
 * system cannot have the shared memory of WAL, SQLite stays with a rollback journal, and EXTRA makes that as durable.
 */
static int make_durable(mig__state *state, mig_error *err)
{
    char mode[16] = "";
    if (text_of(state, "PRAGMA journal_mode = WAL", mode, sizeof mode, err) != 0) {
        return -1;
    }
    return pragma(state,
                  strcmp(mode, "wal") == 0 ? "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000; "
                                             "PRAGMA journal_size_limit = 8388608"
                                           : "PRAGMA synchronous = EXTRA",
                  err);
}

static int load_counters(mig__state *state, mig_error *err)
{
    mig__query query = mig__sql(state, SQL_NEXT_MESSAGE);
    int rc = mig__sql_row(&query, err);
    if (rc == 1) {
        state->next_message = sqlite3_column_int64(query.stmt, 0);
        mig__sql_end(&query);
        query = mig__sql(state, SQL_NEXT_BATCH);
        rc = mig__sql_row(&query, err);
    }
    if (rc == 1) {
        state->next_batch = sqlite3_column_int64(query.stmt, 0);
        mig__sql_end(&query);
    }
    if (rc < 0) {
        return -1;
    }
    query = mig__sql(state, SQL_ALL_BATCHES);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        mig__batch_range batch = {sqlite3_column_int64(query.stmt, 0), sqlite3_column_int64(query.stmt, 1),
                                  (size_t)sqlite3_column_int64(query.stmt, 2)};
        if (mig__remember_batch(state, batch, err) != 0) {
            mig__sql_end(&query);
            return -1;
        }
    }
    return rc;
}

/* Another program (sqlite3, a backup) holds a lock in the file: wait a little, but not past a stop. 0: give up. */
static int on_busy(void *context, int calls)
{
    const mig__state *state = context;
    if (calls >= BUSY_MOST_MS / BUSY_STEP_MS || mig_stop_level(state->stop) >= 2) {
        return 0;
    }
    mig__sleep_ms(BUSY_STEP_MS);
    return 1;
}

static int prepare(mig__state *state, bool unclean, mig_error *err)
{
    static const char settings[] = "PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; "
                                   "PRAGMA secure_delete = OFF; PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON";

    sqlite3_extended_result_codes(state->db, 1);
    sqlite3_busy_handler(state->db, on_busy, state);
    sqlite3_db_config(state->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (pragma(state, settings, err) != 0 ||
        mig__schema_prepare(state->db, &mig__schema_current, state->read_only, err) != 0 ||
        (state->path && check(state, unclean, err) != 0)) {
        return -1;
    }
    if (state->read_only) {
        return 0;
    }
    if (state->path && make_durable(state, err) != 0) {
        return -1;
    }
    return load_counters(state, err);
}

static int connect_database(mig__state *state, const char *name, int flags, mig_error *err)
{
    int rc = sqlite3_open_v2(name, &state->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    return rc == SQLITE_OK ? 0 : mig__sql_error(state->db, rc, err);
}

/* "file:PATH?immutable=1", for a file that lies where nothing can be written beside it. The caller frees. */
static char *immutable_uri(const char *path)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char query[] = "?immutable=1";
    char *uri = malloc(5 + 3 * strlen(path) + sizeof query);
    char *out = uri;

    if (!uri) {
        return NULL;
    }
    memcpy(out, "file:", 5);
    out += 5;
    for (; *path; path++) {
        if (strchr("?#%", *path)) {
            *out++ = '%';
            *out++ = hex[(unsigned char)*path >> 4];
            *out++ = hex[(unsigned char)*path & 15];
        } else {
            *out++ = *path;
        }
    }
    memcpy(out, query, sizeof query);
    return uri;
}

/* There is a log beside the file: it was not closed cleanly, or is in use. */
static bool has_log(const char *path)
{
    struct stat st;
    mig__buffer log = MIG__BUFFER_INIT;
    mig__buffer_add_text(&log, path);
    mig__buffer_add_text(&log, "-wal");
    bool found = mig__buffer_ok(&log, NULL) == 0 && stat(log.data, &st) == 0 && st.st_size > 0;
    mig__buffer_free(&log);
    return found;
}

static int open_for_reading(mig__state *state, mig_error *err)
{
    if (connect_database(state, state->path, SQLITE_OPEN_READONLY, err) == 0 && prepare(state, false, err) == 0) {
        return 0;
    }
    bool shut = sqlite3_errcode(state->db) == SQLITE_CANTOPEN ||
                sqlite3_extended_errcode(state->db) == SQLITE_READONLY_DIRECTORY;
    if (!shut || has_log(state->path)) {
        return -1;
    }
    char *uri = immutable_uri(state->path);
    if (!uri) {
        no_memory(err);
        return -1;
    }
    mig__sql_finalize(state);
    sqlite3_close(state->db);
    state->db = NULL;
    int rc = connect_database(state, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    if (rc == 0) {
        rc = prepare(state, false, err);
    }
    free(uri);
    return rc;
}

static int open_for_writing(mig__state *state, mig_error *err)
{
    bool unclean = has_log(state->path); /* asked before SQLite takes it in */
    return connect_database(state, state->path, SQLITE_OPEN_READWRITE, err) != 0 ||
                   prepare(state, unclean || state->lock.unclean, err) != 0
               ? -1
               : 0;
}

/* ---- the handle ---- */

static mig__state *state_new(mig_error *err)
{
    mig__state *state = calloc(1, sizeof *state);
    if (!state) {
        return no_memory(err);
    }
    pthread_mutex_init(&state->queue_lock, NULL);
    pthread_mutex_init(&state->db_lock, NULL);
    pthread_cond_init(&state->settled, NULL);
    state->lock = (mig__lock)MIG__LOCK_INIT;
    state->next_message = state->next_batch = 1;
    return state;
}

static void state_free(mig__state **state, bool clean)
{
    mig__state *s = *state;
    mig__sql_finalize(s);
    sqlite3_close(s->db);
    mig__lock_release(&s->lock, clean);
    mig__keyindex_free(&s->indexes);
    pthread_cond_destroy(&s->settled);
    pthread_mutex_destroy(&s->db_lock);
    pthread_mutex_destroy(&s->queue_lock);
    free(s->batches);
    free(s->path);
    free(s);
    *state = NULL;
}

mig__state *mig__state_open(const char *path, bool read_only, const mig_stop *stop, mig_error *err)
{
    mig__state *state = state_new(err);
    if (!state) {
        return NULL;
    }
    state->stop = stop;
    state->read_only = read_only;
    state->path = resolve(path, read_only, err);
    if (!state->path || (!read_only && mig__lock_take(&state->lock, state->path, err) != 0)) {
        state_free(&state, false);
        return NULL;
    }
    if ((read_only ? open_for_reading(state, err) : open_for_writing(state, err)) != 0) {
        state_free(&state, false);
        return NULL;
    }
    return state;
}

mig__state *mig__state_open_memory(mig_error *err)
{
    mig__state *state = state_new(err);
    if (!state) {
        return NULL;
    }
    if (connect_database(state, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY, err) !=
            0 ||
        prepare(state, false, err) != 0) {
        state_free(&state, false);
        return NULL;
    }
    return state;
}

int mig__state_close(mig__state **state, mig_error *err)
{
    if (!*state) {
        return 0;
    }
    int rc = (*state)->read_only ? 0 : mig__state_flush(*state, err);
    state_free(state, rc == 0);
    return rc;
}
