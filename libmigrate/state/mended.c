/* state/mended.c - which messages are to be sent again since a verification missed them, and which were */
#include "state/internal.h"

int mig__state_message_mending(mig__state *state, int64_t id, mig__mending_kind kind, mig_error *err)
{
    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_MESSAGE_MENDING);
    mig__bind_known(&query, kind);
    mig__bind_int(&query, id);
    int rc = mig__sql_run(&query, err);
    mig__leave(state, rc != 0, err);
    return rc;
}

int mig__state_message_mended(mig__state *state, int64_t id, mig__mending_kind kind, mig_error *err)
{
    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_MESSAGE_MENDED);
    mig__bind_int(&query, kind);
    mig__bind_int(&query, mig__wall_seconds());
    mig__bind_int(&query, id);
    int rc = mig__sql_run(&query, err);
    mig__leave(state, rc != 0, err);
    return rc;
}

int mig__state_count_mended(mig__state *state, int64_t account, mig__state_mended *out, mig_error *err)
{
    int rc;
    *out = (mig__state_mended){0};
    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_MENDED);
    mig__bind_int(&query, account);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        const bool altered = sqlite3_column_int(query.stmt, 0) == MIG__MENDING_ALTERED;
        const uint64_t count = (uint64_t)sqlite3_column_int64(query.stmt, 1);
        const int64_t last = sqlite3_column_int64(query.stmt, 2);
        *(altered ? &out->altered : &out->missing) += count;
        out->last = last > out->last ? last : out->last;
    }
    mig__leave(state, rc < 0, err);
    return rc;
}
