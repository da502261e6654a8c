/* state/runs.c - the audit trail, and what was sent on which day */
#include "state/internal.h"
#include <stdio.h>
#include <unistd.h>

int64_t mig__state_run_begin(mig__state *state, int64_t account, const char *verb, const char *version, mig_error *err)
{
    char host[256] = "";
    int64_t id = -1;

    if (gethostname(host, sizeof host - 1) != 0 || !host[0]) {
        snprintf(host, sizeof host, "localhost");
    }
    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_RUN_BEGIN);
    mig__bind_int(&query, account);
    mig__bind_text(&query, verb);
    mig__bind_text(&query, version);
    mig__bind_text(&query, host);
    mig__bind_int(&query, getpid());
    mig__bind_int(&query, getuid());
    mig__bind_int(&query, mig__wall_seconds());
    int rc = mig__sql_row(&query, err);
    if (rc == 1) {
        id = sqlite3_column_int64(query.stmt, 0);
        rc = mig__sql_run(&query, err);
    }
    mig__leave(state, rc < 0, err);
    return rc < 0 ? -1 : id;
}

int mig__state_run_end(mig__state *state, int64_t run, const char *status, uint64_t copied, uint64_t failed,
                       uint64_t octets, mig_error *err)
{
    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_RUN_END);
    mig__bind_int(&query, mig__wall_seconds());
    mig__bind_text(&query, status);
    mig__bind_int(&query, (int64_t)copied);
    mig__bind_int(&query, (int64_t)failed);
    mig__bind_int(&query, (int64_t)octets);
    mig__bind_int(&query, run);
    int rc = mig__sql_run(&query, err);
    mig__leave(state, rc < 0, err);
    return rc;
}

int mig__state_event(mig__state *state, int64_t run, const char *kind, int64_t folder, const char *text, mig_error *err)
{
    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_EVENT_INSERT);
    mig__bind_int(&query, run);
    mig__bind_int(&query, mig__wall_seconds());
    mig__bind_text(&query, kind);
    mig__bind_known(&query, folder);
    mig__bind_text(&query, text);
    int rc = mig__sql_run(&query, err);
    mig__leave(state, rc < 0, err);
    return rc;
}

static void read_run(const mig__query *query, int64_t account, mig__state_run *out)
{
    sqlite3_stmt *stmt = query->stmt;
    *out = (mig__state_run){.id = sqlite3_column_int64(stmt, 0),
                            .account = account,
                            .verb = mig__column_text(query, 1),
                            .version = mig__column_text(query, 2),
                            .host = mig__column_text(query, 3),
                            .pid = sqlite3_column_int64(stmt, 4),
                            .uid = sqlite3_column_int64(stmt, 5),
                            .begun = sqlite3_column_int64(stmt, 6),
                            .ended = sqlite3_column_int64(stmt, 7),
                            .status = mig__column_text(query, 8),
                            .copied = (uint64_t)sqlite3_column_int64(stmt, 9),
                            .failed = (uint64_t)sqlite3_column_int64(stmt, 10),
                            .octets = (uint64_t)sqlite3_column_int64(stmt, 11)};
}

int mig__state_runs(mig__state *state, int64_t account, int (*each)(const mig__state_run *run, void *context),
                    void *context, mig_error *err)
{
    mig__state_run run;
    int stopped = 0;
    int rc;

    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_RUNS);
    mig__bind_int(&query, account);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        read_run(&query, account, &run);
        stopped = each(&run, context);
        if (stopped) {
            mig__sql_end(&query);
            break;
        }
    }
    mig__leave(state, rc < 0, err);
    return rc < 0 ? -1 : stopped;
}

int mig__state_events(mig__state *state, int64_t run,
                      int (*each)(int64_t at, const char *kind, int64_t folder, const char *text, void *context),
                      void *context, mig_error *err)
{
    int stopped = 0;
    int rc;

    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_EVENTS);
    mig__bind_int(&query, run);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        stopped = each(sqlite3_column_int64(query.stmt, 0), mig__column_text(&query, 1),
                       sqlite3_column_int64(query.stmt, 2), mig__column_text(&query, 3), context);
        if (stopped) {
            mig__sql_end(&query);
            break;
        }
    }
    mig__leave(state, rc < 0, err);
    return rc < 0 ? -1 : stopped;
}

int mig__state_sent(mig__state *state, int64_t account, int64_t day, uint64_t *octets, mig_error *err)
{
    *octets = 0;
    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_SENT_GET);
    mig__bind_int(&query, account);
    mig__bind_int(&query, day);
    int rc = mig__sql_row(&query, err);
    if (rc == 1) {
        *octets = (uint64_t)sqlite3_column_int64(query.stmt, 0);
        mig__sql_end(&query);
        rc = 0;
    }
    mig__leave(state, rc < 0, err);
    return rc;
}
