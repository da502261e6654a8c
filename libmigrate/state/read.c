/* state/read.c - messages and sets of UIDs out of the state */
#include "state/internal.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "mail/digest.h"
#include <stdlib.h>
#include <string.h>

static mig_code code_of(const char *name)
{
    for (int code = 0; code < (int)MIG_CODE_COUNT; code++) {
        if (strcmp(mig_code_name((mig_code)code), name) == 0) {
            return (mig_code)code;
        }
    }
    return name[0] ? MIG_E_INTERNAL : MIG_OK; /* a code that this version does not know */
}

static bool read_digest(const mig__query *query, int column, uint8_t out[MIG__DIGEST_SIZE])
{
    if (sqlite3_column_bytes(query->stmt, column) != MIG__DIGEST_SIZE) {
        return false;
    }
    memcpy(out, sqlite3_column_blob(query->stmt, column), MIG__DIGEST_SIZE);
    return true;
}

void mig__read_message(const mig__query *query, mig__message *out)
{
    sqlite3_stmt *stmt = query->stmt;
    *out = (mig__message){.id = sqlite3_column_int64(stmt, 0),
                          .source_uid = (uint32_t)sqlite3_column_int64(stmt, 1),
                          .target_uid = (uint32_t)sqlite3_column_int64(stmt, 2),
                          .state = (mig__message_state)sqlite3_column_int(stmt, 3)};
    out->digest.octets = (uint64_t)sqlite3_column_int64(stmt, 4);
    out->has_digest = read_digest(query, 5, out->digest.raw) && read_digest(query, 6, out->digest.canonical);
    out->canonical_version = sqlite3_column_int(stmt, 7);
    out->internaldate.valid = sqlite3_column_type(stmt, 8) != SQLITE_NULL;
    out->internaldate.utc = sqlite3_column_int64(stmt, 8);
    out->internaldate.zone_minutes = (int16_t)sqlite3_column_int(stmt, 9);
    out->flags = mig__column_text(query, 10);
    out->email_id = mig__column_text(query, 11);
    out->code = code_of(mig__column_text(query, 12));
    out->text = mig__column_text(query, 13);
    out->message_id = mig__column_text(query, 14);
    out->subject = mig__column_text(query, 15);
    out->owed = mig__column_text(query, 17);
    out->gone_since = sqlite3_column_int64(stmt, 18);
}

/* ---- walks ---- */

static int walk(mig__state *state, mig__sql_id id, int64_t folder,
                int (*each)(const mig__message *message, void *context), void *context, mig_error *err)
{
    mig__message message;
    int stopped = 0;
    int rc;

    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, id);
    mig__bind_int(&query, folder);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        mig__read_message(&query, &message);
        stopped = each(&message, context);
        if (stopped) {
            mig__sql_end(&query);
            break;
        }
    }
    mig__leave(state, rc < 0, err);
    return rc < 0 ? -1 : stopped;
}

int mig__state_messages(mig__state *state, int64_t folder, int (*each)(const mig__message *message, void *context),
                        void *context, mig_error *err)
{
    return walk(state, SQL_MESSAGES, folder, each, context, err);
}

int mig__state_orphans(mig__state *state, int64_t folder, int (*each)(const mig__message *message, void *context),
                       void *context, mig_error *err)
{
    return walk(state, SQL_ORPHANS, folder, each, context, err);
}

int mig__state_unplaced(mig__state *state, int64_t folder, int (*each)(const mig__message *message, void *context),
                        void *context, mig_error *err)
{
    return walk(state, SQL_UNPLACED, folder, each, context, err);
}

int mig__state_failed(mig__state *state, int64_t folder, int (*each)(const mig__message *message, void *context),
                      void *context, mig_error *err)
{
    return walk(state, SQL_FAILED, folder, each, context, err);
}

/* ---- single messages ---- */

/* Make the strings the message's own. On failure it has none. */
static int own_strings(mig__message *message, mig_error *err)
{
    const char **strings[] = {&message->flags,      &message->email_id, &message->text,
                              &message->message_id, &message->subject,  &message->owed};
    bool complete = true;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        *strings[i] = strdup(*strings[i]);
        complete = complete && *strings[i];
    }
    if (complete) {
        return 0;
    }
    mig__message_clear(message);
    return mig_error_set(err, MIG_E_NOMEM, "out of memory for a record of the state");
}

void mig__message_clear(mig__message *message)
{
    free((char *)message->flags);
    free((char *)message->email_id);
    free((char *)message->text);
    free((char *)message->message_id);
    free((char *)message->subject);
    free((char *)message->owed);
    message->flags = message->email_id = message->text = message->message_id = message->subject = message->owed = NULL;
}

int mig__state_message_by_uid(mig__state *state, int64_t folder, uint32_t source_uid, mig__message *out, mig_error *err)
{
    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_MESSAGE_BY_UID);
    mig__bind_int(&query, folder);
    mig__bind_int(&query, source_uid);
    int rc = mig__sql_row(&query, err);
    if (rc == 1) {
        mig__read_message(&query, out);
        rc = own_strings(out, err);
        /* To the end: SQLite tells there when it had no memory for a string. */
        if (rc != 0) {
            mig__sql_end(&query);
        } else if (mig__sql_run(&query, err) != 0) {
            mig__message_clear(out);
            rc = -1;
        } else {
            rc = 1;
        }
    }
    mig__leave(state, rc < 0, err);
    return rc;
}

static void without_strings(mig__message *message)
{
    message->flags = message->email_id = message->text = message->message_id = message->subject = message->owed = "";
}

/* Rows made since the last call join the index. */
static int bring_index_up(mig__state *state, mig__keyindex *index, mig_error *err)
{
    mig__query query = mig__sql(state, SQL_KEYS);
    int rc;

    mig__bind_int(&query, index->last_id);
    mig__bind_int(&query, index->account);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        int column = index->kind == MIG__KEY_DIGEST ? 1 : 2;
        const void *data = sqlite3_column_blob(query.stmt, column);
        int length = sqlite3_column_bytes(query.stmt, column);
        int64_t id = sqlite3_column_int64(query.stmt, 0);
        if (length > 0 && mig__keyindex_add(index, mig__key(data, (size_t)length), id, err) != 0) {
            mig__sql_end(&query);
            return -1;
        }
        index->last_id = id;
    }
    return rc;
}

/* 1: the row is a match; 0: not; -1: error. */
static int look_at(mig__state *state, const mig__keyindex *index, int64_t id, const void *key, size_t length,
                   int64_t *folder, mig__message *out, mig_error *err)
{
    mig__query query = mig__sql(state, SQL_MESSAGE_BY_ID);
    mig__bind_int(&query, id);
    mig__bind_int(&query, index->account);
    int rc = mig__sql_row(&query, err);
    if (rc == 1) {
        mig__read_message(&query, out);
        *folder = sqlite3_column_int64(query.stmt, 16);
        bool same = index->kind == MIG__KEY_DIGEST
                        ? out->has_digest && length == MIG__DIGEST_SIZE && memcmp(out->digest.raw, key, length) == 0
                        : strlen(out->email_id) == length && memcmp(out->email_id, key, length) == 0;
        without_strings(out);
        rc = mig__sql_run(&query, err) != 0 ? -1 : same;
    }
    return rc;
}

static int find(mig__state *state, mig__key_kind kind, int64_t account, const void *key, size_t length, int64_t *folder,
                mig__message *out, mig_error *err)
{
    mig__message message;
    int64_t in = 0;
    size_t at = 0;
    int64_t id;
    int found = 0;

    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__keyindex *index = mig__keyindex_get(&state->indexes, account, kind, err);
    int rc = index ? bring_index_up(state, index, err) : -1;
    uint64_t hash = mig__key(key, length);
    while (rc >= 0 && !(found && out->state == MIG__MESSAGE_VANISHED) &&
           (id = mig__keyindex_next(index, hash, &at)) > 0) {
        rc = look_at(state, index, id, key, length, &in, &message, err);
        if (rc == 1 && (!found || message.state == MIG__MESSAGE_VANISHED)) {
            *out = message;
            *folder = in;
            found = 1;
        }
    }
    mig__leave(state, rc < 0, err);
    return rc < 0 ? -1 : found;
}

int mig__state_find_digest(mig__state *state, int64_t account, const uint8_t raw[MIG__DIGEST_SIZE], int64_t *folder,
                           mig__message *out, mig_error *err)
{
    return find(state, MIG__KEY_DIGEST, account, raw, MIG__DIGEST_SIZE, folder, out, err);
}

int mig__state_find_email_id(mig__state *state, int64_t account, const char *email_id, int64_t *folder,
                             mig__message *out, mig_error *err)
{
    return email_id[0] ? find(state, MIG__KEY_EMAIL_ID, account, email_id, strlen(email_id), folder, out, err) : 0;
}

/* ---- sets of UIDs ---- */

static const unsigned done_states =
    1u << MIG__MESSAGE_COPIED | 1u << MIG__MESSAGE_ADOPTED | 1u << MIG__MESSAGE_VANISHED;
static const unsigned present_states = 1u << MIG__MESSAGE_COPIED | 1u << MIG__MESSAGE_ADOPTED;

static bool is_in(unsigned states, int now)
{
    return now >= 0 && now <= MIG__MESSAGE_WITHHELD && ((states >> now) & 1u);
}

static int source_uids(mig__state *state, int64_t folder, unsigned states, mig__uidset *in, mig__uidset *failed,
                       mig_error *err)
{
    int rc;

    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_UIDS);
    mig__bind_int(&query, folder);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        uint32_t uid = (uint32_t)sqlite3_column_int64(query.stmt, 0);
        int now = sqlite3_column_int(query.stmt, 2);
        mig__uidset *set = is_in(states, now) ? in : now == MIG__MESSAGE_FAILED ? failed : NULL;
        if (uid && set && mig__uidset_add(set, uid, uid, err) != 0) {
            mig__sql_end(&query);
            rc = -1;
            break;
        }
    }
    mig__leave(state, rc < 0, err);
    return rc;
}

int mig__state_source_uids(mig__state *state, int64_t folder, mig__uidset *done, mig__uidset *failed, mig_error *err)
{
    return source_uids(state, folder, done_states, done, failed, err);
}

int mig__state_withheld(mig__state *state, int64_t folder, mig__uidset *out, mig_error *err)
{
    return source_uids(state, folder, 1u << MIG__MESSAGE_WITHHELD, out, NULL, err);
}

int mig__state_unproven(mig__state *state, int64_t folder, mig__uidset *out, mig_error *err)
{
    int rc;

    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_UNPROVEN);
    mig__bind_int(&query, folder);
    mig__bind_int(&query, MIG__CANONICAL_VERSION);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        uint32_t uid = (uint32_t)sqlite3_column_int64(query.stmt, 0);
        if (uid && mig__uidset_add(out, uid, uid, err) != 0) {
            mig__sql_end(&query);
            rc = -1;
            break;
        }
    }
    mig__leave(state, rc < 0, err);
    return rc;
}

int mig__state_source_present(mig__state *state, int64_t folder, mig__uidset *out, mig_error *err)
{
    return source_uids(state, folder, present_states, out, NULL, err);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Target UIDs come in any order: sorted here, each is added at the end of the set. */
static int gather_target_uids(mig__query *query, mig__buffer *uids, mig_error *err)
{
    int rc;
    while ((rc = mig__sql_row(query, err)) == 1) {
        uint32_t uid = (uint32_t)sqlite3_column_int64(query->stmt, 1);
        if (uid && is_in(done_states, sqlite3_column_int(query->stmt, 2))) {
            mig__buffer_add(uids, &uid, sizeof uid);
        }
    }
    return rc < 0 ? -1 : mig__buffer_ok(uids, err);
}

int mig__state_target_uids(mig__state *state, int64_t folder, mig__uidset *out, mig_error *err)
{
    mig__buffer buffer = MIG__BUFFER_INIT;

    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_UIDS);
    mig__bind_int(&query, folder);
    int rc = gather_target_uids(&query, &buffer, err);
    size_t count = buffer.length / sizeof(uint32_t);
    if (rc == 0 && count > 0) {
        uint32_t *uids = (uint32_t *)(void *)buffer.data; /* from malloc: aligned */
        qsort(uids, count, sizeof *uids, by_number);
        for (size_t i = 0; i < count && rc == 0; i++) {
            rc = mig__uidset_add(out, uids[i], uids[i], err);
        }
    }
    mig__leave(state, rc < 0, err);
    mig__buffer_free(&buffer);
    return rc;
}

/* Rows of state, messages, octets. */
static int take_counts(mig__query *query, mig__state_counts *out, mig_error *err)
{
    int rc;
    *out = (mig__state_counts){0};
    while ((rc = mig__sql_row(query, err)) == 1) {
        uint64_t *counts[] = {&out->intent,   &out->copied,  &out->adopted, &out->failed,
                              &out->vanished, &out->deleted, &out->withheld};
        int now = sqlite3_column_int(query->stmt, 0);
        if (now >= 0 && now <= MIG__MESSAGE_WITHHELD) {
            *counts[now] = (uint64_t)sqlite3_column_int64(query->stmt, 1);
        }
        if (now == MIG__MESSAGE_WITHHELD) {
            out->withheld_octets = (uint64_t)sqlite3_column_int64(query->stmt, 2);
        }
        if (is_in(present_states, now)) {
            out->octets += (uint64_t)sqlite3_column_int64(query->stmt, 2);
            out->gone += (uint64_t)sqlite3_column_int64(query->stmt, 3);
            out->owed += (uint64_t)sqlite3_column_int64(query->stmt, 5);
        }
        if (is_in(done_states, now)) {
            out->held += (uint64_t)(sqlite3_column_int64(query->stmt, 1) - sqlite3_column_int64(query->stmt, 3));
            out->unplaced += (uint64_t)sqlite3_column_int64(query->stmt, 4);
        }
    }
    return rc;
}

int mig__state_count(mig__state *state, int64_t folder, mig__state_counts *out, mig_error *err)
{
    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_COUNT);
    mig__bind_int(&query, folder);
    int rc = take_counts(&query, out, err);
    mig__leave(state, rc < 0, err);
    return rc;
}

int mig__state_owed(mig__state *state, int64_t folder,
                    int (*each)(const char *flags, uint64_t messages, uint32_t first, void *context), void *context,
                    mig_error *err)
{
    int stopped = 0;
    int rc;

    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_OWED);
    mig__bind_int(&query, folder);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        stopped = each(mig__column_text(&query, 0), (uint64_t)sqlite3_column_int64(query.stmt, 1),
                       (uint32_t)sqlite3_column_int64(query.stmt, 2), context);
        if (stopped) {
            mig__sql_end(&query);
            break;
        }
    }
    mig__leave(state, rc < 0, err);
    return rc < 0 ? -1 : stopped;
}

int64_t mig__state_last_message(mig__state *state, mig_error *err)
{
    int64_t last = -1;
    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_LAST_MESSAGE);
    int rc = mig__sql_row(&query, err);
    if (rc == 1) {
        last = sqlite3_column_int64(query.stmt, 0);
        mig__sql_end(&query);
    }
    mig__leave(state, rc < 0, err);
    return last;
}

int mig__state_count_since(mig__state *state, int64_t account, int64_t last, mig__state_counts *out, mig_error *err)
{
    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_COUNT_SINCE);
    mig__bind_int(&query, last);
    mig__bind_int(&query, account);
    int rc = take_counts(&query, out, err);
    mig__leave(state, rc < 0, err);
    return rc;
}

/* ---- open batches ---- */

static int read_batch(mig__state *state, mig__open_batch *batch, mig_error *err)
{
    int rc;

    batch->messages = calloc(batch->count ? batch->count : 1, sizeof *batch->messages);
    if (!batch->messages) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory for the open batches of the state");
    }
    mig__query query = mig__sql(state, SQL_BATCH_MESSAGES);
    mig__bind_int(&query, batch->first_message);
    mig__bind_int(&query, batch->first_message + (int64_t)batch->count);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        mig__message *message = &batch->messages[sqlite3_column_int64(query.stmt, 0) - batch->first_message];
        mig__read_message(&query, message);
        if (own_strings(message, err) != 0) {
            mig__sql_end(&query);
            return -1;
        }
    }
    return rc;
}

/* One row at the end of the growing list, its messages not read yet. */
static int add_batch(const mig__query *query, mig__open_batch **list, size_t *count, mig_error *err)
{
    mig__open_batch *bigger = mig__grow(*list, *count, sizeof *bigger, err);
    if (!bigger) {
        return -1;
    }
    *list = bigger;
    sqlite3_stmt *stmt = query->stmt;
    (*list)[(*count)++] = (mig__open_batch){.id = sqlite3_column_int64(stmt, 0),
                                            .folder = sqlite3_column_int64(stmt, 1),
                                            .first_message = sqlite3_column_int64(stmt, 2),
                                            .count = (size_t)sqlite3_column_int64(stmt, 3),
                                            .target_uidvalidity = (uint32_t)sqlite3_column_int64(stmt, 4),
                                            .target_uidnext = (uint32_t)sqlite3_column_int64(stmt, 5)};
    return 0;
}

int mig__state_open_batches(mig__state *state, int64_t account, mig__open_batch **out, size_t *count, mig_error *err)
{
    mig__open_batch *list = NULL;
    size_t used = 0;
    int rc;

    err = mig__enter(state, false, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_BATCHES);
    mig__bind_int(&query, account);
    while ((rc = mig__sql_row(&query, err)) == 1) {
        if (add_batch(&query, &list, &used, err) != 0) {
            mig__sql_end(&query);
            rc = -1;
            break;
        }
    }
    for (size_t i = 0; rc == 0 && i < used; i++) {
        rc = read_batch(state, &list[i], err);
    }
    mig__leave(state, rc < 0, err);
    if (rc < 0) {
        mig__state_open_batches_free(&list, used);
        return -1;
    }
    *out = list;
    *count = used;
    return 0;
}

void mig__state_open_batches_free(mig__open_batch **batches, size_t count)
{
    for (size_t i = 0; *batches && i < count; i++) {
        mig__open_batch *batch = &(*batches)[i];
        for (size_t j = 0; batch->messages && j < batch->count; j++) {
            mig__message_clear(&batch->messages[j]);
        }
        free(batch->messages);
    }
    free(*batches);
    *batches = NULL;
}
