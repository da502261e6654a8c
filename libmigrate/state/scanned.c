/* state/scanned.c - what a virus scanner said of messages, by their content */
#include "state/internal.h"

int mig__state_scanned_put(mig__state *state, int64_t account, const mig__state_scanned *scanned, mig_error *err)
{
    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_SCANNED_PUT);
    mig__bind_int(&query, account);
    mig__bind_digest(&query, scanned->raw);
    mig__bind_int(&query, scanned->verdict);
    mig__bind_int(&query, scanned->decision);
    mig__bind_text(&query, scanned->name);
    mig__bind_known(&query, scanned->signatures);
    mig__bind_int(&query, scanned->at);
    mig__bind_known_text(&query, scanned->kept);
    int rc = mig__sql_run(&query, err);
    mig__leave(state, rc != 0, err);
    return rc;
}

int mig__state_scanned_each(mig__state *state, int64_t account,
                            int (*each)(const mig__state_scanned *scanned, void *context), void *context,
                            mig_error *err)
{
    int stopped = 0;
    int rc;

    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_SCANNED);
    mig__bind_int(&query, account);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        const mig__state_scanned scanned = {.raw = sqlite3_column_blob(query.stmt, 0),
                                            .verdict = (mig_scan_verdict)sqlite3_column_int(query.stmt, 1),
                                            .decision = (mig_scan_decision)sqlite3_column_int(query.stmt, 2),
                                            .name = mig__column_text(&query, 3),
                                            .signatures = sqlite3_column_int64(query.stmt, 4),
                                            .at = sqlite3_column_int64(query.stmt, 5),
                                            .kept = mig__column_text(&query, 6)};
        if (sqlite3_column_bytes(query.stmt, 0) != MIG__DIGEST_SIZE) {
            continue;
        }
        stopped = each(&scanned, context);
        if (stopped) {
            mig__sql_end(&query);
            break;
        }
    }
    mig__leave(state, rc < 0, err);
    return rc < 0 ? -1 : stopped;
}
