/*
 * copy/reader.c - the sink of a copy's readers: octets into memory or a file, digested as they pass, and whole messages
 * into the queue of their folder
 */
#include "copy/reader.h"
#include "copy/lanes.h"
#include <stdlib.h>
#include <string.h>

typedef struct arrival { /* of one reader */
    mig__run *run;
    mig__digester *digester;
    mig__transit *transit; /* body that is arriving */
    uint64_t filled;
    bool too_large; /* the body exceeds --max-size: read and dropped */
} arrival;

static mig__folder_job *job_of(const mig__reading *of)
{
    return of->owner;
}

/* ---- octets ---- */

static void drop(void *own)
{
    arrival *a = own;
    if (a->transit != NULL) {
        mig__queue_discharge(a->run->queue, a->transit->charged);
        mig__transit_free(a->transit);
        a->transit = NULL;
    }
    a->too_large = false;
}

static int begin(uint64_t size, void *own, mig_error *err)
{
    arrival *a = own;
    uint64_t most = a->run->options->selection.max_size;
    a->filled = 0;
    a->too_large = most > 0 && size > most;
    if (a->too_large) {
        return 0;
    }
    uint64_t charge = size > MIG__MEMORY_MESSAGE ? 0 : size;
    if (mig__queue_charge(a->run->queue, charge, err) != 0) {
        return -1;
    }
    a->transit = mig__transit_new(size, a->run->spool_dir, err);
    if (a->transit == NULL) {
        mig__queue_discharge(a->run->queue, charge);
        return -1;
    }
    a->transit->charged = charge;
    return mig__digester_begin(a->digester, err);
}

static int data(const char *octets, size_t length, void *own, mig_error *err)
{
    arrival *a = own;
    if (mig_stop_level(a->run->options->observer.stop) > 1) {
        return mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
    }
    if (mig__run_pass(a->run, &a->run->pace.in, length, err) != 0) {
        return -1;
    }
    if (a->transit == NULL) {
        return 0; /* too large: read past it */
    }
    if (mig__digester_add(a->digester, octets, length, err) != 0) {
        return -1;
    }
    return mig__transit_add(a->transit, &a->filled, octets, length, err);
}

/* ---- messages ---- */

static void skip_too_large(mig__run *run, mig__folder_job *job, uint32_t uid)
{
    mig_error error;
    mig_error_set(&error, MIG_E_TOO_BIG, "message %u of '%s' is larger than --max-size and was left out", uid,
                  job->source->name);
    mig__run_problem(run, job, uid, false, &error);
    pthread_mutex_lock(&run->lock);
    job->result->skipped++;
    run->messages_done++;
    pthread_mutex_unlock(&run->lock);
}

static int end(mig__reading *of, const mig__fetch_item *item, void *own, mig_error *err)
{
    arrival *a = own;
    mig__transit *message = a->transit;
    if (a->too_large) {
        a->too_large = false;
        skip_too_large(a->run, job_of(of), item->uid);
        return 0;
    }
    if (mig__digester_end(a->digester, &message->digest, err) != 0) {
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
    a->transit = NULL;
    mig__lanes_put(a->run, job_of(of), message);
    return 0;
}

/* A message that will not come: in the report and in the state, so that it is known by name. */
static int lost(mig__reading *of, uint32_t uid, bool content, const mig_error *error, void *own, mig_error *err)
{
    mig__run *run = ((arrival *)own)->run;
    mig__folder_job *job = job_of(of);
    (void)content;
    pthread_mutex_lock(&run->lock);
    job->result->failed++;
    run->messages_done++;
    pthread_mutex_unlock(&run->lock);
    mig__run_problem(run, job, uid, true, error);
    char line[MIG_ERROR_TEXT + MIG_ERROR_SERVER + MIG_ERROR_HINT];
    mig__message message = {.source_uid = uid,
                            .state = MIG__MESSAGE_FAILED,
                            .flags = "",
                            .email_id = "",
                            .code = error->code,
                            .text = mig_error_line(error, line, sizeof line)};
    if (mig__state_message_failed(run->state, job->record.id, &message, err) != 0) {
        mig__run_fail(run, err);
        return -1;
    }
    return 0;
}

static void vanished(mig__reading *of, uint32_t uid, void *own)
{
    mig__run *run = ((arrival *)own)->run;
    mig__folder_job *job = job_of(of);
    (void)uid;
    pthread_mutex_lock(&run->lock);
    job->result->messages -= job->result->messages > 0 ? 1 : 0;
    run->messages_done++;
    pthread_mutex_unlock(&run->lock);
}

/* ---- the readers ---- */

static void *open_reader(void *context, mig_error *err)
{
    arrival *a = calloc(1, sizeof *a);
    if (a == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    a->run = context;
    a->digester = mig__digester_new(err);
    if (a->digester == NULL) {
        free(a);
        return NULL;
    }
    return a;
}

static void close_reader(void *own)
{
    arrival *a = own;
    mig__digester_free(&a->digester);
    free(a);
}

static void refused(mig__reading *of, const mig_error *why, void *context)
{
    mig__lanes_break(context, job_of(of), why);
}

static bool is_stopping(void *context)
{
    return mig__run_stopping(context);
}

static void failed(const mig_error *error, void *context)
{
    mig__run_fail(context, error);
}

static void changed(void *context)
{
    mig__run *run = context;
    mig__queue_wake(run->queue);
    pthread_mutex_lock(&run->lock);
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

static void broke(const mig__reading *of, const mig_error *error, void *context)
{
    mig__run *run = context;
    mig_log_level level = error->code == MIG_E_INTERRUPTED ? MIG_LOG_DEBUG : MIG_LOG_WARNING;
    pthread_mutex_lock(&run->lock);
    run->source_breaks += error->code != MIG_E_INTERRUPTED;
    pthread_mutex_unlock(&run->lock);
    mig__run_log(run, level, of != NULL ? job_of(of) : NULL, 0, error, "reading: %s", error->text);
}

int mig__copy_readers_begin(mig__run *run, mig_error *err)
{
    const mig__pool_options options = {.gate = &run->sides[MIG_SOURCE].gate,
                                       .sink = {.open = open_reader,
                                                .close = close_reader,
                                                .begin = begin,
                                                .data = data,
                                                .end = end,
                                                .drop = drop,
                                                .lost = lost,
                                                .vanished = vanished,
                                                .refused = refused},
                                       .context = run,
                                       .side = "source",
                                       .items = MIG__FETCH_EMAILID,
                                       .units = {.ordered = run->options->ordered},
                                       .stopping = is_stopping,
                                       .failed = failed,
                                       .changed = changed,
                                       .broke = broke};
    size_t count = 0;
    run->readings = calloc(run->job_count + 1, sizeof(mig__reading *));
    if (run->readings == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (!job->copy || job->broken || job->reading.todo.count == 0) {
            continue;
        }
        job->reading.mailbox = job->source->wire;
        job->reading.name = job->source->name;
        job->reading.owner = job;
        job->reading.uidvalidity = job->snapshot.uidvalidity;
        run->readings[count++] = &job->reading;
    }
    return mig__pool_begin(&run->pool, &options, run->readings, count, err);
}

void mig__copy_readers_end(mig__run *run)
{
    mig__pool_end(&run->pool);
    free(run->readings);
    run->readings = NULL;
}
