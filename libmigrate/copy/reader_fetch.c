/* copy/reader_fetch.c - messages as they arrive: octets into memory or a file, then into the queue */
#include "copy/reader_private.h"
#include "base/clock.h"
#include "copy/queue.h"
#include <stdlib.h>
#include <string.h>

/* ---- the sink: octets of a body as they arrive ---- */

void mig__copy_reader_drop(mig__copy_reader *r)
{
    if (r->transit != NULL) {
        mig__queue_discharge(r->run, r->transit->charged);
        mig__transit_free(r->transit);
        r->transit = NULL;
    }
    r->too_large = false;
    r->body_done = false;
}

static int sink_begin(uint64_t size, void *context, mig_error *err)
{
    mig__copy_reader *r = context;
    mig__copy_reader_drop(r);
    const mig_copy_options *options = r->run->options;
    r->filled = 0;
    if (options->selection.max_size > 0 && size > options->selection.max_size) {
        r->too_large = true;
        return 0;
    }
    uint64_t charge = size > MIG__MEMORY_MESSAGE ? 0 : size;
    int64_t before = mig__now_ms();
    if (mig__queue_charge(r->run, charge, err) != 0) {
        return -1;
    }
    r->blocked_ms += mig__now_ms() - before;
    r->transit = mig__transit_new(size, r->run->spool_dir, err);
    if (r->transit == NULL) {
        mig__queue_discharge(r->run, charge);
        return -1;
    }
    r->transit->charged = charge;
    return mig__digester_begin(r->digester, err);
}

static int sink_data(const char *octets, size_t length, void *context, mig_error *err)
{
    mig__copy_reader *r = context;
    if (mig_stop_level(r->run->options->observer.stop) > 1) {
        return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
    }
    int64_t before = mig__now_ms();
    if (mig__run_pass(r->run, &r->run->pace.in, length, err) != 0) {
        return -1;
    }
    r->blocked_ms += mig__now_ms() - before;
    if (r->transit == NULL) {
        r->filled += length; /* too large: read past it */
        return 0;
    }
    if (mig__digester_add(r->digester, octets, length, err) != 0) {
        return -1;
    }
    return mig__transit_add(r->transit, &r->filled, octets, length, err);
}

/* ---- FETCH responses ---- */

void mig__copy_reader_give_up(mig__copy_reader *r, mig__folder_job *job, uint32_t uid, const mig_error *error)
{
    pthread_mutex_lock(&r->run->lock);
    job->result->failed++;
    r->run->messages_done++;
    pthread_mutex_unlock(&r->run->lock);
    mig__run_problem(r->run, job, uid, true, error);
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig__message message = {.source_uid = uid,
                            .state = MIG__MESSAGE_FAILED,
                            .flags = "",
                            .email_id = "",
                            .code = error->code,
                            .text = mig_error_line(error, line, sizeof line)};
    mig_error failure;
    if (mig__state_message_failed(r->run->state, job->record.id, &message, &failure) != 0) {
        mig__run_fail(r->run, &failure);
    }
}

static void skip_too_large(mig__copy_reader *r, mig__folder_job *job, uint32_t uid)
{
    mig_error error;
    mig_error_set(&error, MIG_E_TOO_BIG, "message %u of '%s' is larger than --max-size and was left out", uid,
                  job->source->name);
    mig__run_problem(r->run, job, uid, false, &error);
    pthread_mutex_lock(&r->run->lock);
    job->result->skipped++;
    r->run->messages_done++;
    pthread_mutex_unlock(&r->run->lock);
}

static int finish_message(mig__copy_reader *r, mig__folder_job *job, const mig__fetch_item *item, mig_error *err)
{
    mig__transit *message = r->transit;
    if (r->filled != message->size) {
        return mig_error_set(err, MIG_E_PROTOCOL, "message %u of '%s' came with %llu octets instead of %llu", item->uid,
                             job->source->name, (unsigned long long)r->filled, (unsigned long long)message->size);
    }
    if (mig__digester_end(r->digester, &message->digest, err) != 0) {
        return -1;
    }
    message->uid = item->uid;
    message->date = item->internaldate;
    message->flags = mig__flags_join(item->flags);
    message->email_id = mig__strdup(item->email_id);
    if (message->flags == NULL || (item->email_id != NULL && message->email_id == NULL)) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    message->odd_flags = item->odd_flags;
    mig__transit_describe(message);
    r->transit = NULL;
    r->attempts = 0;
    mig__queue_put(r->run, job, message);
    return 0;
}

static int forget_uid(mig__copy_flight *f, uint32_t uid, mig_error *err)
{
    mig__uidset one = MIG__UIDSET_INIT;
    int failed = mig__uidset_add(&one, uid, uid, err);
    if (failed == 0) {
        failed = mig__uidset_subtract(&f->unit->uids, &one, err);
    }
    mig__uidset_free(&one);
    return failed;
}

/*
 * The flight that asked for a message. Servers work on several FETCH commands at once, so it need not be the oldest;
 * but none that waits for the EXAMINE of another mailbox.
 */
static mig__copy_flight *asked_for(mig__copy_reader *r, uint32_t uid)
{
    for (size_t i = 0; uid > 0 && i < r->count; i++) {
        mig__copy_flight *f = &r->flights[(r->first + i) % MIG__UNITS_IN_FLIGHT];
        if (i > 0 && f->select != NULL && !mig__command_answered(f->select)) {
            break;
        }
        /* What is left of a FETCH that was answered does not come any more: this is the same UID of another mailbox. */
        if (f->fetch != NULL && !mig__command_answered(f->fetch) && mig__uidset_has(&f->unit->uids, uid)) {
            return f;
        }
    }
    return NULL;
}

int mig__copy_reader_on_fetch(const mig__response *response, void *context, mig_error *err)
{
    mig__copy_reader *r = context;
    const mig__fetch_item *item = &response->fetch;
    if (response->kind != MIG__RESPONSE_FETCH && response->kind != MIG__RESPONSE_ODD) {
        return 0;
    }
    mig__copy_flight *f = asked_for(r, item->uid);
    if (f == NULL) {
        if (item->body != MIG__BODY_NONE) {
            mig__copy_reader_drop(r); /* something we did not ask for, or a second time */
        }
        return 0;
    }
    mig__folder_job *job = f->unit->job;
    int failed = 0;
    if (response->kind == MIG__RESPONSE_ODD) {
        failed = mig__uidset_add(&f->odd, item->uid, item->uid, err);
    } else if (item->body == MIG__BODY_NONE) {
        return 0; /* flags that changed meanwhile: the next run carries them over */
    } else if (item->body == MIG__BODY_NIL) {
        return 0; /* stays among the UIDs without an answer and is asked for once more */
    } else if (r->too_large) {
        skip_too_large(r, job, item->uid);
    } else if (r->transit != NULL) {
        failed = finish_message(r, job, item, err);
    } else {
        return 0;
    }
    mig__copy_reader_drop(r);
    return failed != 0 ? failed : forget_uid(f, item->uid, err);
}

void mig__copy_reader_attach(mig__copy_reader *r)
{
    mig__body_sink sink = {sink_begin, sink_data, r};
    mig__session_set_sink(r->session, &sink);
}
