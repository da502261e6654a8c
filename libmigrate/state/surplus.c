/* state/surplus.c - see surplus.h */
#include "state/surplus.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "state/internal.h"
#include <stdlib.h>
#include <string.h>

static int read_entry(const mig__query *query, mig__surplus *out, mig_error *err)
{
    sqlite3_stmt *stmt = query->stmt;
    const void *raw = sqlite3_column_blob(stmt, 9);
    *out = (mig__surplus){.id = sqlite3_column_int64(stmt, 0),
                          .from = mig__strdup(mig__column_text(query, 1)),
                          .from_uidvalidity = (uint32_t)sqlite3_column_int64(stmt, 2),
                          .from_uid = (uint32_t)sqlite3_column_int64(stmt, 3),
                          .to = mig__strdup(mig__column_text(query, 4)),
                          .to_uidvalidity = (uint32_t)sqlite3_column_int64(stmt, 5),
                          .to_uidnext = (uint32_t)sqlite3_column_int64(stmt, 6),
                          .to_uid = (uint32_t)sqlite3_column_int64(stmt, 7),
                          .kept_uid = (uint32_t)sqlite3_column_int64(stmt, 8),
                          .undoes = sqlite3_column_int64(stmt, 11),
                          .state = (mig__surplus_state)sqlite3_column_int(stmt, 12),
                          .at = sqlite3_column_int64(stmt, 13)};
    out->digest.octets = (uint64_t)sqlite3_column_int64(stmt, 10);
    if (raw != NULL && sqlite3_column_bytes(stmt, 9) == MIG__DIGEST_SIZE) {
        memcpy(out->digest.raw, raw, MIG__DIGEST_SIZE);
    }
    return out->from != NULL && out->to != NULL ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}

int mig__state_surplus(mig__state *state, int64_t account, mig__surplus **out, size_t *count, mig_error *err)
{
    int rc;
    *out = NULL;
    *count = 0;
    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_SURPLUS);
    mig__bind_int(&query, account);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        mig__surplus *grown = mig__grow(*out, *count, sizeof *grown, err);
        if (grown != NULL) {
            *out = grown;
            rc = read_entry(&query, &grown[(*count)++], err);
        }
        if (grown == NULL || rc != 0) {
            mig__sql_end(&query);
            rc = -1;
            break;
        }
    }
    mig__leave(state, false, err);
    if (rc < 0) {
        mig__state_surplus_free(out, *count);
        *count = 0;
    }
    return rc;
}

void mig__state_surplus_free(mig__surplus **entries, size_t count)
{
    for (size_t i = 0; *entries != NULL && i < count; i++) {
        free((*entries)[i].from);
        free((*entries)[i].to);
    }
    free(*entries);
    *entries = NULL;
}

int mig__state_surplus_begin(mig__state *state, int64_t account, mig__surplus *entry, mig_error *err)
{
    entry->at = mig__wall_seconds();
    entry->state = MIG__SURPLUS_INTENT;
    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_SURPLUS_INSERT);
    mig__bind_int(&query, account);
    mig__bind_text(&query, entry->from);
    mig__bind_int(&query, entry->from_uidvalidity);
    mig__bind_int(&query, entry->from_uid);
    mig__bind_text(&query, entry->to);
    mig__bind_int(&query, entry->to_uidvalidity);
    mig__bind_int(&query, entry->to_uidnext);
    mig__bind_known(&query, entry->kept_uid);
    mig__bind_digest(&query, entry->digest.raw);
    mig__bind_int(&query, (int64_t)entry->digest.octets);
    mig__bind_known(&query, entry->undoes);
    mig__bind_int(&query, entry->at);
    int rc = mig__sql_row(&query, err);
    if (rc == 1) {
        entry->id = sqlite3_column_int64(query.stmt, 0);
        rc = mig__sql_run(&query, err);
    }
    mig__leave(state, rc < 0, err);
    return rc < 0 ? -1 : 0;
}

static int settle(mig__state *state, int64_t id, mig__surplus_state now, uint32_t to_uid, mig_error *err)
{
    mig__query query = mig__sql(state, SQL_SURPLUS_SETTLE);
    mig__bind_int(&query, now);
    mig__bind_known(&query, to_uid);
    mig__bind_int(&query, id);
    return mig__sql_run(&query, err);
}

int mig__state_surplus_settle(mig__state *state, const mig__surplus *entry, mig__surplus_state now, uint32_t to_uid,
                              mig_error *err)
{
    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    int rc = settle(state, entry->id, now, to_uid, err);
    if (rc == 0 && entry->undoes != 0) {
        rc = settle(state, entry->undoes, now, 0, err);
    }
    mig__leave(state, rc != 0, err);
    return rc;
}

int mig__state_surplus_forget(mig__state *state, int64_t id, mig_error *err)
{
    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_SURPLUS_FORGET);
    mig__bind_int(&query, id);
    int rc = mig__sql_run(&query, err);
    mig__leave(state, rc != 0, err);
    return rc;
}
