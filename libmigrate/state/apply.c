/* state/apply.c - the queued writes as SQL, in the open transaction */
#include "state/internal.h"

static void bind_content(mig__query *query, const mig__message *message)
{
    bool digest = message->has_digest;
    mig__bind_known(query, (int64_t)message->digest.octets);
    mig__bind_digest(query, digest ? message->digest.raw : NULL);
    mig__bind_digest(query, digest ? message->digest.canonical : NULL);
    mig__bind_known(query, digest ? MIG__CANONICAL_VERSION : 0);
    if (message->internaldate.valid) {
        mig__bind_int(query, message->internaldate.utc);
        mig__bind_int(query, message->internaldate.zone_minutes);
    } else {
        mig__bind_null(query);
        mig__bind_null(query);
    }
    mig__bind_text(query, message->flags);
    mig__bind_known_text(query, message->email_id);
    mig__bind_known_text(query, message->message_id);
    mig__bind_known_text(query, message->subject);
    mig__bind_known_text(query, message->owed);
}

static int count_sent(mig__state *state, const mig__op *op, mig_error *err)
{
    mig__query query = mig__sql(state, SQL_SENT_ADD);
    mig__bind_int(&query, op->day);
    mig__bind_int(&query, op->octets);
    mig__bind_int(&query, op->folder);
    return mig__sql_run(&query, err);
}

static int apply_intent(mig__state *state, const mig__op *op, mig_error *err)
{
    mig__query query = mig__sql(state, SQL_BATCH_INSERT);
    mig__bind_int(&query, op->id);
    mig__bind_int(&query, op->folder);
    mig__bind_int(&query, op->first);
    mig__bind_int(&query, (int64_t)op->count);
    mig__bind_int(&query, op->target_uidvalidity);
    mig__bind_int(&query, op->target_uidnext);
    mig__bind_int(&query, mig__wall_seconds());
    if (mig__sql_run(&query, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < op->count; i++) {
        query = mig__sql(state, SQL_MESSAGE_INTENT);
        mig__bind_int(&query, op->first + (int64_t)i);
        mig__bind_int(&query, op->folder);
        mig__bind_int(&query, op->messages[i].source_uid);
        bind_content(&query, &op->messages[i]);
        if (mig__sql_run(&query, err) != 0) {
            return -1;
        }
    }
    return op->octets > 0 ? count_sent(state, op, err) : 0;
}

static int place(mig__state *state, int64_t id, uint32_t target_uid, mig_error *err)
{
    mig__query query = mig__sql(state, SQL_MESSAGE_PLACED);
    mig__bind_known(&query, target_uid);
    mig__bind_int(&query, mig__wall_seconds());
    mig__bind_int(&query, id);
    return mig__sql_run(&query, err);
}

/* As before the intent: a row that was there is what it was (`lost`: but it is not there), one made by it goes. */
static int put_back(mig__state *state, int64_t id, bool lost, mig_error *err)
{
    mig__query query = mig__sql(state, lost ? SQL_MESSAGE_BACK_LOST : SQL_MESSAGE_BACK);
    mig__bind_int(&query, id);
    if (mig__sql_run(&query, err) != 0) {
        return -1;
    }
    query = mig__sql(state, SQL_MESSAGE_DROP);
    mig__bind_int(&query, id);
    return mig__sql_run(&query, err);
}

static int apply_settle(mig__state *state, const mig__op *op, mig_error *err)
{
    for (size_t i = 0; i < op->count; i++) {
        int64_t id = op->first + (int64_t)i;
        uint32_t target_uid = op->uids ? op->uids[i] : 0;
        bool taken = op->uids && target_uid != MIG__UID_REFUSED && (target_uid > 0 || op->keep_unknown);
        if ((taken ? place(state, id, target_uid, err) : put_back(state, id, op->uids && !op->keep_unknown, err)) !=
            0) {
            return -1;
        }
    }
    state->outcome_applied = true;
    mig__query query = mig__sql(state, SQL_BATCH_DELETE);
    mig__bind_int(&query, op->id);
    return mig__sql_run(&query, err);
}

static int apply_put(mig__state *state, const mig__op *op, mig_error *err)
{
    const mig__message *message = op->messages;
    bool failed = op->state == MIG__MESSAGE_FAILED || op->state == MIG__MESSAGE_WITHHELD;
    mig__query query = mig__sql(state, SQL_MESSAGE_PUT);
    mig__bind_int(&query, op->id);
    mig__bind_int(&query, op->folder);
    mig__bind_int(&query, message->source_uid);
    mig__bind_int(&query, op->state);
    bind_content(&query, message);
    mig__bind_known(&query, message->target_uid);
    mig__bind_text(&query, failed ? mig_code_name(message->code) : NULL);
    mig__bind_text(&query, failed ? message->text : NULL);
    return mig__sql_run(&query, err);
}

static int apply_flags(mig__state *state, const mig__op *op, mig_error *err)
{
    mig__query query = mig__sql(state, SQL_MESSAGE_FLAGS);
    mig__bind_text(&query, op->flags);
    mig__bind_known_text(&query, op->owed);
    mig__bind_int(&query, op->folder);
    mig__bind_int(&query, op->source_uid);
    return mig__sql_run(&query, err);
}

static int apply_gone(mig__state *state, const mig__op *op, mig_error *err)
{
    mig__query query = mig__sql(state, SQL_MESSAGE_GONE);
    mig__bind_int(&query, op->state);
    mig__bind_int(&query, op->folder);
    mig__bind_int(&query, op->source_uid);
    return mig__sql_run(&query, err);
}

int mig__apply(mig__state *state, const mig__op *op, mig_error *err)
{
    switch (op->kind) {
    case OP_INTENT:
        return apply_intent(state, op, err);
    case OP_SETTLE:
        return apply_settle(state, op, err);
    case OP_PUT:
        return apply_put(state, op, err);
    case OP_FLAGS:
        return apply_flags(state, op, err);
    case OP_GONE:
        return apply_gone(state, op, err);
    }
    return mig_error_set(err, MIG_E_INTERNAL, "unknown operation %d on the state", (int)op->kind);
}
