/* state/folders.c - accounts, their leases, and their folders */
#include "state/internal.h"
#include "base/buffer.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

/* ---- accounts ---- */

int64_t mig__state_account(mig__state *state, const char *source, const char *target, mig_error *err)
{
    int64_t id = 0;

    err = mig__enter(state, !state->read_only, err);
    if (!err) {
        return 0;
    }
    mig__query query = mig__sql(state, state->read_only ? SQL_ACCOUNT_FIND : SQL_ACCOUNT_INSERT);
    mig__bind_text(&query, source);
    mig__bind_text(&query, target);
    int rc = mig__sql_row(&query, err);
    if (rc == 1) {
        id = sqlite3_column_int64(query.stmt, 0);
        rc = mig__sql_run(&query, err);
    } else if (rc == 0) {
        mig_error_set(err, MIG_E_STATE, "the state file %s knows no copy of %s to %s", mig__sql_name(state->db), source,
                      target);
        mig_error_hint(err, "name the state file of the copy with --state, and both sides as they were then");
    }
    mig__leave(state, rc < 0, err);
    return rc < 0 ? 0 : id;
}

int mig__state_accounts(mig__state *state,
                        int (*each)(int64_t id, const char *source, const char *target, void *context), void *context,
                        mig_error *err)
{
    int stopped = 0;
    int rc;

    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_ACCOUNTS);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        stopped = each(sqlite3_column_int64(query.stmt, 0), mig__column_text(&query, 1), mig__column_text(&query, 2),
                       context);
        if (stopped) {
            mig__sql_end(&query);
            break;
        }
    }
    mig__leave(state, rc < 0, err);
    return rc < 0 ? -1 : stopped;
}

int mig__state_account_lease(mig__state *state, int64_t account, const char *owner, int64_t seconds, mig_error *err)
{
    int64_t now = mig__wall_seconds();
    mig_error *use = mig__enter(state, true, err);
    if (!use) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_LEASE);
    mig__bind_text(&query, owner);
    mig__bind_int(&query, now + seconds);
    mig__bind_int(&query, account);
    mig__bind_int(&query, now);
    int rc = mig__sql_row(&query, use);
    int taken = rc == 1;
    if (taken) {
        rc = mig__sql_run(&query, use);
    }
    mig__leave(state, rc < 0, use);
    if (rc < 0 || mig__state_flush(state, err) != 0) {
        return -1;
    }
    return taken;
}

int mig__state_account_release(mig__state *state, int64_t account, const char *owner, mig_error *err)
{
    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_RELEASE);
    mig__bind_int(&query, account);
    mig__bind_text(&query, owner);
    int rc = mig__sql_run(&query, err);
    mig__leave(state, rc < 0, err);
    return rc;
}

/* ---- folders ---- */

static char *column_copy(const mig__query *query, int column, bool *complete)
{
    const unsigned char *text = sqlite3_column_text(query->stmt, column);
    char *copy = mig__strdup((const char *)text);
    *complete = *complete && (copy || !text);
    return copy;
}

static bool read_folder(const mig__query *query, mig__state_folder *out)
{
    bool complete = true;
    sqlite3_stmt *stmt = query->stmt;
    *out = (mig__state_folder){.id = sqlite3_column_int64(stmt, 0),
                               .source = column_copy(query, 1, &complete),
                               .target = column_copy(query, 2, &complete),
                               .source_mailbox_id = column_copy(query, 3, &complete),
                               .target_mailbox_id = column_copy(query, 4, &complete),
                               .source_uidvalidity = (uint32_t)sqlite3_column_int64(stmt, 5),
                               .source_uidnext = (uint32_t)sqlite3_column_int64(stmt, 6),
                               .source_messages = (uint32_t)sqlite3_column_int64(stmt, 7),
                               .source_modseq = (uint64_t)sqlite3_column_int64(stmt, 8),
                               .target_uidvalidity = (uint32_t)sqlite3_column_int64(stmt, 9),
                               .target_uidnext = (uint32_t)sqlite3_column_int64(stmt, 10),
                               .target_messages = (uint32_t)sqlite3_column_int64(stmt, 11),
                               .target_modseq = (uint64_t)sqlite3_column_int64(stmt, 12),
                               .created = sqlite3_column_int(stmt, 13) != 0,
                               .wanted = (uint64_t)sqlite3_column_int64(stmt, 14),
                               .trouble = column_copy(query, 15, &complete)};
    return complete;
}

/* One row at the end of the growing list. */
static int add_folder(const mig__query *query, mig__state_folder **list, size_t *count, mig_error *err)
{
    mig__state_folder *bigger = mig__grow(*list, *count, sizeof *bigger, err);
    if (!bigger) {
        return -1;
    }
    *list = bigger;
    if (!read_folder(query, &(*list)[(*count)++])) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory for the folders of the state");
    }
    return 0;
}

int mig__state_folders(mig__state *state, int64_t account, mig__state_folder **out, size_t *count, mig_error *err)
{
    mig__state_folder *list = NULL;
    size_t used = 0;
    int rc;

    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_FOLDERS);
    mig__bind_int(&query, account);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        if (add_folder(&query, &list, &used, err) != 0) {
            mig__sql_end(&query);
            rc = -1;
            break;
        }
    }
    mig__leave(state, rc < 0, err);
    if (rc < 0) {
        mig__state_folders_free(&list, used);
        return -1;
    }
    *out = list;
    *count = used;
    return 0;
}

void mig__state_folders_free(mig__state_folder **folders, size_t count)
{
    for (size_t i = 0; *folders && i < count; i++) {
        free((*folders)[i].source);
        free((*folders)[i].target);
        free((*folders)[i].source_mailbox_id);
        free((*folders)[i].target_mailbox_id);
        free((*folders)[i].trouble);
    }
    free(*folders);
    *folders = NULL;
}

static int store_folder(mig__state *state, int64_t account, mig__state_folder *folder, mig_error *err)
{
    mig__query query = mig__sql(state, folder->id ? SQL_FOLDER_UPDATE : SQL_FOLDER_INSERT);
    mig__bind_int(&query, account);
    mig__bind_text(&query, folder->source);
    mig__bind_text(&query, folder->target);
    mig__bind_text(&query, folder->source_mailbox_id);
    mig__bind_text(&query, folder->target_mailbox_id);
    mig__bind_int(&query, folder->source_uidvalidity);
    mig__bind_int(&query, folder->source_uidnext);
    mig__bind_int(&query, folder->source_messages);
    mig__bind_int(&query, (int64_t)folder->source_modseq);
    mig__bind_int(&query, folder->target_uidvalidity);
    mig__bind_int(&query, folder->target_uidnext);
    mig__bind_int(&query, folder->target_messages);
    mig__bind_int(&query, (int64_t)folder->target_modseq);
    mig__bind_int(&query, folder->created);
    mig__bind_int(&query, (int64_t)folder->wanted);
    mig__bind_text(&query, folder->trouble);
    if (folder->id) {
        mig__bind_int(&query, folder->id);
    }
    int rc = mig__sql_row(&query, err);
    if (rc == 0) {
        return mig_error_set(err, MIG_E_INTERNAL, "the state has no folder %lld", (long long)folder->id);
    }
    if (rc == 1) {
        folder->id = sqlite3_column_int64(query.stmt, 0);
        rc = mig__sql_run(&query, err);
    }
    return rc;
}

int mig__state_folder_put(mig__state *state, int64_t account, mig__state_folder *folder, mig_error *err)
{
    int rc = 0;

    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    if (folder->id) {
        mig__query query = mig__sql(state, SQL_FOLDER_DISPLACE);
        mig__bind_int(&query, account);
        mig__bind_text(&query, folder->source);
        mig__bind_int(&query, folder->id);
        rc = mig__sql_run(&query, err);
    }
    if (rc == 0) {
        rc = store_folder(state, account, folder, err);
    }
    mig__leave(state, rc != 0, err);
    return rc;
}

/* Statements that take the folder's id alone. */
static int run_all(mig__state *state, const mig__sql_id *ids, size_t count, int64_t folder, mig_error *err)
{
    int rc = 0;

    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    for (size_t i = 0; i < count && rc == 0; i++) {
        mig__query query = mig__sql(state, ids[i]);
        mig__bind_int(&query, folder);
        rc = mig__sql_run(&query, err);
    }
    mig__leave(state, rc != 0, err);
    return rc;
}

int mig__state_folder_reset_source(mig__state *state, int64_t folder, mig_error *err)
{
    static const mig__sql_id ids[] = {SQL_RESET_SOURCE_FAILED, SQL_RESET_SOURCE_MESSAGES, SQL_RESET_SOURCE_FOLDER};
    return run_all(state, ids, sizeof ids / sizeof *ids, folder, err);
}

int mig__state_folder_reset_target(mig__state *state, int64_t folder, mig_error *err)
{
    static const mig__sql_id ids[] = {SQL_RESET_TARGET_MESSAGES, SQL_RESET_TARGET_FOLDER};
    return run_all(state, ids, sizeof ids / sizeof *ids, folder, err);
}

int mig__state_ours_in(mig__state *state, int64_t account, const char *target, mig__uidset *out, mig_error *err)
{
    mig__state_folder *folders = NULL;
    size_t count = 0;
    int rc = mig__state_folders(state, account, &folders, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (strcmp(folders[i].target, target) == 0) {
            rc = mig__state_target_uids(state, folders[i].id, out, err);
        }
    }
    mig__state_folders_free(&folders, count);
    return rc;
}
