/*
 * state/journal.c - the queue in front of the database, and the one commit that many threads share
 *
 * A write takes a ticket and joins the queue; that never waits for the disk. Who needs it on disk waits until `durable`
 * has reached the ticket: the first such thread leads, brings the whole queue into the database and commits; the others
 * sleep. What is queued while it waits for the disk is the next leader's. So a commit carries whatever came in during
 * the one before it, and there is never more than one fsync under way.
 */
#include "state/internal.h"
#include "base/crashpoint.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

enum {
    QUEUE_OCTETS = 1 << 20,   /* of queued writes in memory; who exceeds it commits */
    TRANSACTION_ROWS = 16384, /* changed by direct writes before they commit by themselves: bounds the WAL */
};

/* ---- with db_lock ---- */

static int begin(mig__state *state, mig_error *err)
{
    if (state->in_transaction) {
        return 0;
    }
    mig__query query = mig__sql(state, SQL_BEGIN);
    if (mig__sql_run(&query, err) != 0) {
        return -1;
    }
    state->in_transaction = true;
    state->changes_at_begin = sqlite3_total_changes(state->db);
    return 0;
}

static int commit(mig__state *state, mig_error *err)
{
    if (!state->in_transaction) {
        return 0;
    }
    MIG__CRASH_POINT("commit");
    const double begun = mig__now_seconds();
    mig__query query = mig__sql(state, SQL_COMMIT);
    if (mig__sql_run(&query, err) != 0) {
        return -1;
    }
    pthread_mutex_lock(&state->queue_lock);
    state->commits++;
    state->commit_seconds += mig__now_seconds() - begun;
    pthread_mutex_unlock(&state->queue_lock);
    state->in_transaction = false;
    if (state->outcome_applied) {
        state->outcome_applied = false;
        MIG__CRASH_POINT("outcome-durable");
    }
    return 0;
}

/* Bring the queue into the open transaction. `*ticket`: the last one that is in. */
static int drain(mig__state *state, uint64_t *ticket, mig_error *err)
{
    pthread_mutex_lock(&state->queue_lock);
    mig__op *op = state->first;
    state->first = state->last = NULL;
    state->queued_octets = 0;
    *ticket = state->enqueued;
    pthread_mutex_unlock(&state->queue_lock);

    int rc = op ? begin(state, err) : 0;
    while (op) {
        mig__op *next = op->next;
        if (rc == 0) {
            rc = mig__apply(state, op, err);
        }
        if (op->heap) {
            free(op);
        }
        op = next;
    }
    return rc;
}

/* From now on every call fails with this error. Only after drain has let go of the operations it took. */
static void break_down(mig__state *state, const mig_error *err)
{
    pthread_mutex_lock(&state->queue_lock);
    if (!state->failed) {
        state->failed = true;
        state->failure = *err;
    }
    for (mig__op *op = state->first; op;) {
        mig__op *next = op->next;
        if (op->heap) {
            free(op);
        }
        op = next;
    }
    state->first = state->last = NULL;
    pthread_cond_broadcast(&state->settled);
    pthread_mutex_unlock(&state->queue_lock);
}

/* ---- without locks ---- */

static bool has_failed(mig__state *state, mig_error *err)
{
    pthread_mutex_lock(&state->queue_lock);
    bool failed = state->failed;
    if (failed && err) {
        *err = state->failure;
    }
    pthread_mutex_unlock(&state->queue_lock);
    return failed;
}

static int refuse_read_only(mig_error *err)
{
    mig_error_set(err, MIG_E_INTERNAL, "the state file is open for reading only");
    return -1;
}

mig_error *mig__enter(mig__state *state, bool write, mig_error *err)
{
    uint64_t ticket;

    if (write && state->read_only) {
        refuse_read_only(err);
        return NULL;
    }
    pthread_mutex_lock(&state->db_lock);
    if (has_failed(state, err)) {
        pthread_mutex_unlock(&state->db_lock);
        return NULL;
    }
    if (!err) {
        err = &state->scratch;
    }
    int rc = drain(state, &ticket, err);
    if (rc == 0 && write && state->in_transaction &&
        sqlite3_total_changes(state->db) - state->changes_at_begin > TRANSACTION_ROWS) {
        rc = commit(state, err);
    }
    if (rc == 0 && write) {
        rc = begin(state, err);
    }
    if (rc != 0) {
        mig__leave(state, true, err);
        return NULL;
    }
    return err;
}

void mig__leave(mig__state *state, bool broken, const mig_error *err)
{
    if (broken) {
        break_down(state, err);
    }
    pthread_mutex_unlock(&state->db_lock);
}

static void lead(mig__state *state)
{
    mig_error err = MIG_ERROR_INIT;
    uint64_t ticket = 0;

    pthread_mutex_lock(&state->db_lock);
    if (!has_failed(state, NULL)) {
        int rc = drain(state, &ticket, &err);
        if (rc == 0) {
            rc = commit(state, &err);
        }
        if (rc != 0) {
            break_down(state, &err);
            ticket = 0;
        }
    }
    pthread_mutex_unlock(&state->db_lock);

    pthread_mutex_lock(&state->queue_lock);
    if (ticket > state->durable) {
        state->durable = ticket;
    }
    state->leading = false;
    pthread_cond_broadcast(&state->settled);
    pthread_mutex_unlock(&state->queue_lock);
}

/* Return when everything up to the ticket is on disk, or the state has failed. */
static int wait_durable(mig__state *state, uint64_t ticket, mig_error *err)
{
    pthread_mutex_lock(&state->queue_lock);
    while (state->durable < ticket && !state->failed) {
        if (state->leading) {
            pthread_cond_wait(&state->settled, &state->queue_lock);
            continue;
        }
        state->leading = true;
        pthread_mutex_unlock(&state->queue_lock);
        lead(state);
        pthread_mutex_lock(&state->queue_lock);
    }
    /* What had reached the disk before another thread's failure is there. */
    int rc = state->durable >= ticket ? 0 : -1;
    if (rc != 0 && err) {
        *err = state->failure;
    }
    pthread_mutex_unlock(&state->queue_lock);
    return rc;
}

void mig__state_commits(mig__state *state, uint64_t *count, double *seconds)
{
    pthread_mutex_lock(&state->queue_lock);
    *count = state->commits;
    *seconds = state->commit_seconds;
    pthread_mutex_unlock(&state->queue_lock);
}

/* ---- joining the queue ---- */

mig__op *mig__op_new(const mig__op *op, size_t extra, mig_error *err)
{
    mig__op *copy = malloc(sizeof *copy + extra);
    if (!copy) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory for a record of the state");
        return NULL;
    }
    *copy = *op;
    copy->heap = true;
    return copy;
}

int mig__remember_batch(mig__state *state, mig__batch_range batch, mig_error *err)
{
    mig__batch_range *batches = mig__grow(state->batches, state->batch_count, sizeof *batches, err);
    if (!batches) {
        return -1;
    }
    state->batches = batches;
    state->batches[state->batch_count++] = batch;
    return 0;
}

/* An outcome belongs to exactly one open batch. */
static int take_batch(mig__state *state, mig__op *op, mig_error *err)
{
    for (size_t i = 0; i < state->batch_count; i++) {
        mig__batch_range *batch = &state->batches[i];
        if (batch->id != op->id) {
            continue;
        }
        if (op->uids && op->count != batch->count) {
            return mig_error_set(err, MIG_E_INTERNAL, "batch %lld has %zu messages, not %zu", (long long)op->id,
                                 batch->count, op->count);
        }
        op->first = batch->first;
        op->count = batch->count;
        *batch = state->batches[--state->batch_count];
        return 0;
    }
    return mig_error_set(err, MIG_E_INTERNAL, "batch %lld is not open", (long long)op->id);
}

/* Numbers are given in the order of the queue. */
static int admit(mig__state *state, mig__op *op, mig_error *err)
{
    int rc = 0;
    if (op->kind == OP_INTENT) {
        rc = mig__remember_batch(state, (mig__batch_range){state->next_batch, state->next_message, op->count}, err);
        if (rc == 0) {
            op->id = state->next_batch++;
            op->first = state->next_message;
            state->next_message += (int64_t)op->count;
        }
    } else if (op->kind == OP_PUT) {
        op->id = state->next_message++;
    } else if (op->kind == OP_SETTLE) {
        rc = take_batch(state, op, err);
    }
    return rc;
}

/* Returns 0 and the ticket, or -1 (`op` is the caller's still). */
static int join(mig__state *state, mig__op *op, size_t octets, uint64_t *ticket, bool *full, mig_error *err)
{
    if (state->read_only) {
        return refuse_read_only(err);
    }
    pthread_mutex_lock(&state->queue_lock);
    int rc = 0;
    if (state->failed) {
        if (err) {
            *err = state->failure;
        }
        rc = -1;
    } else {
        rc = op ? admit(state, op, err) : 0;
    }
    if (rc == 0 && op) {
        op->next = NULL;
        if (state->last) {
            state->last->next = op;
        } else {
            state->first = op;
        }
        state->last = op;
        state->queued_octets += octets;
    }
    if (rc == 0) {
        *ticket = ++state->enqueued;
        *full = state->queued_octets > QUEUE_OCTETS;
    }
    pthread_mutex_unlock(&state->queue_lock);
    return rc;
}

int mig__queue(mig__state *state, mig__op *op, size_t octets, mig_error *err)
{
    uint64_t ticket = 0;
    bool full = false;

    if (join(state, op, sizeof *op + octets, &ticket, &full, err) != 0) {
        free(op);
        return -1;
    }
    return full ? wait_durable(state, ticket, err) : 0;
}

/* ---- the interface ---- */

int64_t mig__state_intent(mig__state *state, const mig__intent *intent, mig_error *err)
{
    uint64_t ticket = 0;
    bool full = false;
    mig__op op = {.kind = OP_INTENT,
                  .folder = intent->folder,
                  .messages = intent->messages,
                  .count = intent->count,
                  .target_uidvalidity = intent->target_uidvalidity,
                  .target_uidnext = intent->target_uidnext,
                  .day = intent->day,
                  .octets = (int64_t)intent->octets};

    MIG__CRASH_POINT("intent-before");
    for (size_t i = 0; i < intent->count; i++) {
        if (intent->messages[i].source_uid == 0) {
            return mig_error_set(err, MIG_E_INTERNAL, "a message of a batch without source UID");
        }
    }
    if (intent->count == 0 || intent->folder <= 0) {
        return mig_error_set(err, MIG_E_INTERNAL, "a batch without messages or folder");
    }
    /* Not copied: this thread waits until the operation has been applied or dropped. */
    if (join(state, &op, 0, &ticket, &full, err) != 0 || wait_durable(state, ticket, err) != 0) {
        return -1;
    }
    MIG__CRASH_POINT("intent-durable");
    return op.id;
}

static int settle(mig__state *state, int64_t batch, const uint32_t *target_uids, size_t count, bool keep_unknown,
                  mig_error *err)
{
    static const uint32_t none;
    mig__op op = {.kind = OP_SETTLE, .id = batch, .count = count, .keep_unknown = keep_unknown};
    size_t extra = target_uids ? count * sizeof *target_uids : 0;

    mig__op *copy = mig__op_new(&op, extra, err);
    if (!copy) {
        return -1;
    }
    if (target_uids) {
        copy->uids = extra ? memcpy(copy + 1, target_uids, extra) : &none;
    }
    int rc = mig__queue(state, copy, extra, err);
    if (rc == 0) {
        MIG__CRASH_POINT("outcome-queued");
    }
    return rc;
}

int mig__state_outcome(mig__state *state, int64_t batch, const uint32_t *target_uids, size_t count, mig_error *err)
{
    return settle(state, batch, target_uids, count, true, err);
}

int mig__state_withdraw(mig__state *state, int64_t batch, mig_error *err)
{
    return settle(state, batch, NULL, 0, false, err);
}

int mig__state_reconcile(mig__state *state, int64_t batch, const uint32_t *target_uids, size_t count, mig_error *err)
{
    return settle(state, batch, target_uids, count, false, err);
}

int mig__state_flush(mig__state *state, mig_error *err)
{
    uint64_t ticket = 0;
    bool full = false;

    MIG__CRASH_POINT("flush");
    if (join(state, NULL, 0, &ticket, &full, err) != 0) {
        return -1;
    }
    return wait_durable(state, ticket, err);
}
