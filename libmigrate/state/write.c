/* state/write.c - messages: the updates outside the journal */
#include "state/internal.h"
#include <string.h>

/* ---- through the queue: called for many messages while batches are under way ---- */

static const char *copy_text(char **room, const char *text)
{
    if (!text) {
        return NULL;
    }
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*room, text, size);
    *room += size;
    return copy;
}

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static int put(mig__state *state, int64_t folder, const mig__message *message, mig__message_state now, mig_error *err)
{
    mig__op op = {.kind = OP_PUT, .folder = folder, .state = now};
    size_t extra = sizeof *message + text_size(message->flags) + text_size(message->email_id) +
                   text_size(message->text) + text_size(message->message_id) + text_size(message->subject) +
                   text_size(message->owed);

    if (message->source_uid == 0 || folder <= 0) {
        return mig_error_set(err, MIG_E_INTERNAL, "a record of a message without folder or source UID");
    }
    mig__op *queued = mig__op_new(&op, extra, err);
    if (!queued) {
        return -1;
    }
    mig__message *copy = memcpy(queued + 1, message, sizeof *message);
    char *room = (char *)(copy + 1);
    copy->flags = copy_text(&room, message->flags);
    copy->email_id = copy_text(&room, message->email_id);
    copy->text = copy_text(&room, message->text);
    copy->message_id = copy_text(&room, message->message_id);
    copy->subject = copy_text(&room, message->subject);
    copy->owed = copy_text(&room, message->owed);
    queued->messages = copy;
    return mig__queue(state, queued, extra, err);
}

int mig__state_message_failed(mig__state *state, int64_t folder, const mig__message *message, mig_error *err)
{
    return put(state, folder, message, MIG__MESSAGE_FAILED, err);
}

int mig__state_message_withheld(mig__state *state, int64_t folder, const mig__message *message, mig_error *err)
{
    return put(state, folder, message, MIG__MESSAGE_WITHHELD, err);
}

int mig__state_message_adopt(mig__state *state, int64_t folder, const mig__message *message, mig_error *err)
{
    return put(state, folder, message, MIG__MESSAGE_ADOPTED, err);
}

int mig__state_message_flags(mig__state *state, int64_t folder, uint32_t source_uid, const char *flags,
                             const char *owed, mig_error *err)
{
    mig__op op = {.kind = OP_FLAGS, .folder = folder, .source_uid = source_uid};
    size_t size = text_size(flags) + text_size(owed);
    mig__op *queued = mig__op_new(&op, size, err);
    if (!queued) {
        return -1;
    }
    char *room = (char *)(queued + 1);
    queued->flags = copy_text(&room, flags);
    queued->owed = copy_text(&room, owed);
    return mig__queue(state, queued, size, err);
}

int mig__state_message_gone(mig__state *state, int64_t folder, uint32_t source_uid, mig__message_state state_now,
                            mig_error *err)
{
    mig__op op = {.kind = OP_GONE, .folder = folder, .source_uid = source_uid, .state = state_now};
    if (state_now == MIG__MESSAGE_INTENT || state_now == MIG__MESSAGE_FAILED) {
        return mig_error_set(err, MIG_E_INTERNAL, "a message cannot be gone by state %d", (int)state_now);
    }
    mig__op *queued = mig__op_new(&op, 0, err);
    return queued ? mig__queue(state, queued, 0, err) : -1;
}

/* ---- straight into the open transaction: rare ---- */

int mig__state_message_move(mig__state *state, int64_t from_folder, uint32_t from_source_uid, int64_t to_folder,
                            uint32_t to_source_uid, uint32_t to_target_uid, mig_error *err)
{
    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_MESSAGE_MAKE_ROOM);
    mig__bind_int(&query, to_folder);
    mig__bind_int(&query, to_source_uid);
    mig__bind_int(&query, from_folder);
    mig__bind_int(&query, from_source_uid);
    int rc = mig__sql_run(&query, err);
    if (rc == 0) {
        query = mig__sql(state, SQL_MESSAGE_MOVE);
        mig__bind_int(&query, to_folder);
        mig__bind_int(&query, to_source_uid);
        mig__bind_known(&query, to_target_uid);
        mig__bind_int(&query, from_folder);
        mig__bind_int(&query, from_source_uid);
        rc = mig__sql_run(&query, err);
    }
    mig__leave(state, rc != 0, err);
    return rc;
}

int mig__state_message_repair(mig__state *state, int64_t id, uint32_t source_uid, uint32_t target_uid, mig_error *err)
{
    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, SQL_MESSAGE_REPAIR_ROOM);
    mig__bind_known(&query, source_uid);
    mig__bind_int(&query, id);
    int rc = mig__sql_run(&query, err);
    if (rc == 0) {
        query = mig__sql(state, SQL_MESSAGE_REPAIR);
        mig__bind_known(&query, source_uid);
        mig__bind_known(&query, target_uid);
        mig__bind_int(&query, id);
        rc = mig__sql_run(&query, err);
    }
    mig__leave(state, rc != 0, err);
    return rc;
}

/* A statement about one row, which comes last. */
static int on_row(mig__state *state, mig__sql_id statement, const int64_t *value, int64_t id, mig_error *err)
{
    err = mig__enter(state, true, err);
    if (!err) {
        return -1;
    }
    mig__query query = mig__sql(state, statement);
    if (value) {
        mig__bind_known(&query, *value);
    }
    mig__bind_int(&query, id);
    int rc = mig__sql_run(&query, err);
    mig__leave(state, rc != 0, err);
    return rc;
}

int mig__state_message_gone_since(mig__state *state, int64_t id, int64_t since, mig_error *err)
{
    return on_row(state, SQL_MESSAGE_SEEN, &since, id, err);
}

int mig__state_message_unplace(mig__state *state, int64_t id, mig_error *err)
{
    return on_row(state, SQL_MESSAGE_UNPLACE, NULL, id, err);
}

int mig__state_message_forget(mig__state *state, int64_t id, mig_error *err)
{
    return on_row(state, SQL_MESSAGE_FORGET, NULL, id, err);
}
