/* copy/queue.c - between readers and writers: messages by folder, a budget of octets, batches */
#include "copy/queue.h"
#include "base/clock.h"
#include "copy/queue_private.h"
#include <stdlib.h>
#include <string.h>

void mig__queue_wait(mig__run *run, int64_t ms)
{
    mig__cond_wait_ms(&run->changed, &run->lock, ms);
}

void mig__queue_fail_nomem(mig__run *run)
{
    if (run->fatal.code == MIG_OK) {
        mig_error_set(&run->fatal, MIG_E_NOMEM, "out of memory");
    }
    run->stopping = true;
    pthread_cond_broadcast(&run->changed);
}

/* ---- between readers and writers ---- */

int mig__queue_charge(mig__run *run, uint64_t octets, mig_error *err)
{
    pthread_mutex_lock(&run->lock);
    run->readers_waiting++;
    if (run->charged > 0 && run->charged + octets > run->budget) {
        pthread_cond_broadcast(&run->changed); /* once: writers take smaller batches when a reader waits */
    }
    /* A message larger than the whole budget may pass when nothing else is held. */
    while (!run->stopping && run->charged > 0 && run->charged + octets > run->budget) {
        mig__queue_wait(run, 100);
    }
    run->readers_waiting--;
    bool stopping = run->stopping;
    if (!stopping) {
        run->charged += octets;
    }
    pthread_mutex_unlock(&run->lock);
    return stopping ? mig_error_set(err, MIG_E_INTERRUPTED, "stopped") : 0;
}

void mig__queue_discharge(mig__run *run, uint64_t octets)
{
    pthread_mutex_lock(&run->lock);
    run->charged -= octets;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

void mig__queue_put(mig__run *run, mig__folder_job *job, mig__transit *message)
{
    pthread_mutex_lock(&run->lock);
    message->next = NULL;
    if (job->broken) { /* reading ahead may go on for a moment */
        run->charged -= message->charged;
        mig__transit_free(message);
    } else {
        if (job->tail == NULL) {
            job->head = message;
        } else {
            job->tail->next = message;
        }
        job->tail = message;
        job->queued++;
        job->queued_octets += message->size;
        run->current = job;
    }
    run->last_progress_ms = mig__now_ms();
    /* A waiting writer looks for itself after MIG__BATCH_LINGER_MS: not every message is worth a wakeup. */
    if (run->writers_waiting > 0 && (job->queued == 1 || job->queued % MIG__BATCH_FIRST == 0)) {
        pthread_cond_broadcast(&run->changed);
    }
    pthread_mutex_unlock(&run->lock);
}

/* ---- batches ---- */

mig__batch *mig__batch_new(mig__folder_job *job, size_t count, mig_error *err)
{
    mig__batch *batch = calloc(1, sizeof *batch);
    mig__transit **messages = calloc(count > 0 ? count : 1, sizeof(mig__transit *));
    if (batch == NULL || messages == NULL) {
        free(batch);
        free(messages);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    batch->job = job;
    batch->messages = messages;
    return batch;
}

void mig__batch_free(mig__batch *batch)
{
    for (size_t i = 0; batch->messages != NULL && i < batch->count; i++) {
        mig__transit_free(batch->messages[i]);
    }
    free(batch->messages);
    free(batch->broke);
    free(batch);
}

/* To a folder that took nothing before, the smallest message alone goes first. [lock] */
static void smallest_first(mig__folder_job *job)
{
    mig__transit *before = NULL, *smallest = job->head, *before_smallest = NULL;
    for (mig__transit *message = job->head; message != NULL; before = message, message = message->next) {
        if (message->size < smallest->size) {
            smallest = message;
            before_smallest = before;
        }
    }
    if (before_smallest != NULL) {
        before_smallest->next = smallest->next;
        job->tail = job->tail == smallest ? before_smallest : job->tail;
        smallest->next = job->head;
        job->head = smallest;
    }
}

/* Cut a batch off the folder's queue. [lock] */
static mig__batch *cut_batch(const mig__run *run, mig__folder_job *job, const mig__appetite *given)
{
    const mig__appetite one = {1, UINT64_MAX}, *appetite = job->wary ? &one : given;
    if (job->wary && !run->options->ordered) {
        smallest_first(job);
    }
    size_t most = job->queued < appetite->messages ? job->queued : appetite->messages;
    mig__batch *batch = mig__batch_new(job, most, NULL);
    while (batch != NULL && job->head != NULL && batch->count < most) {
        mig__transit *message = job->head;
        if (batch->count > 0 && batch->octets + message->size > appetite->octets) {
            break;
        }
        job->head = message->next;
        message->next = NULL;
        if (job->head == NULL) {
            job->tail = NULL;
        }
        batch->messages[batch->count++] = message;
        batch->octets += message->size;
        job->queued--;
        job->queued_octets -= message->size;
    }
    return batch;
}

typedef bool job_test(const mig__folder_job *job);

static bool waits_for_outcome(const mig__folder_job *job)
{
    return job->unknown != NULL || job->reconciling;
}

static bool in_use(const mig__folder_job *job)
{
    return job->batches_out > 0 || job->reconciling;
}

/* Is the test true of the job, or of another one with the same target? [lock] */
static bool any_with_target(const mig__run *run, const mig__folder_job *job, job_test *test)
{
    if (test(job) || !job->shared) {
        return test(job);
    }
    for (size_t i = 0; i < run->job_count; i++) {
        const mig__folder_job *other = &run->jobs[i];
        if (other->copy && strcmp(other->target, job->target) == 0 && test(other)) {
            return true;
        }
    }
    return false;
}

/* May a writer send to this folder now? [lock] */
static bool writable(const mig__run *run, const mig__folder_job *job)
{
    return !job->broken && !any_with_target(run, job, waits_for_outcome) &&
           ((!run->options->ordered && !job->wary) || !any_with_target(run, job, in_use));
}

/* [lock] */
static bool ready(const mig__run *run, const mig__folder_job *job, const mig__appetite *appetite, bool lingered)
{
    if (!writable(run, job)) {
        return false;
    }
    if (job->refused != NULL) {
        return true;
    }
    return job->queued > 0 &&
           (job->queued >= appetite->messages || job->queued_octets >= appetite->octets ||
            mig__units_drained(run->pool.units, &job->reading) || run->readers_waiting > 0 || lingered);
}

/* Refused batches first; then where nobody writes yet, since servers lock a mailbox; then where most is waiting. */
static bool better_for_writing(const mig__folder_job *a, const mig__folder_job *b)
{
    if ((a->refused != NULL) != (b->refused != NULL)) {
        return a->refused != NULL;
    }
    if ((a->batches_out == 0) != (b->batches_out == 0)) {
        return a->batches_out == 0;
    }
    return a->queued > b->queued;
}

static mig__folder_job *choose_for_writing(mig__run *run, const mig__appetite *appetite, bool lingered)
{
    mig__folder_job *best = NULL;
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (ready(run, job, appetite, lingered) && (best == NULL || better_for_writing(job, best))) {
            best = job;
        }
    }
    return best;
}

static mig__folder_job *choose_for_reconciling(mig__run *run)
{
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (job->unknown != NULL && !job->broken && !any_with_target(run, job, in_use)) {
            return job;
        }
    }
    return NULL;
}

/* Is anything left that a writer may have to do, now or later? [lock] */
static bool writing_left(const mig__run *run)
{
    for (size_t i = 0; i < run->job_count; i++) {
        const mig__folder_job *job = &run->jobs[i];
        if (job->copy && !job->broken &&
            (!mig__units_drained(run->pool.units, &job->reading) || job->queued > 0 || job->refused != NULL ||
             job->unknown != NULL || job->reconciling || job->batches_out > 0)) {
            return true;
        }
    }
    return false;
}

static bool anything_queued(const mig__run *run)
{
    for (size_t i = 0; i < run->job_count; i++) {
        if (run->jobs[i].queued > 0 && writable(run, &run->jobs[i])) {
            return true;
        }
    }
    return false;
}

/* One look for something to do. [lock] */
static mig__errand look(mig__run *run, const mig__appetite *appetite, bool reconcile, bool lingered, mig__batch **batch,
                        mig__folder_job **job)
{
    if (reconcile && (*job = choose_for_reconciling(run)) != NULL) {
        (*job)->reconciling = true;
        return MIG__ERRAND_RECONCILE;
    }
    mig__folder_job *chosen = choose_for_writing(run, appetite, lingered);
    if (chosen == NULL) {
        return MIG__ERRAND_NONE;
    }
    if (chosen->refused != NULL) {
        *batch = chosen->refused;
        chosen->refused = (*batch)->next;
        (*batch)->next = NULL;
    } else if ((*batch = cut_batch(run, chosen, appetite)) == NULL) {
        mig__queue_fail_nomem(run);
        return MIG__ERRAND_NONE;
    }
    chosen->batches_out++;
    return MIG__ERRAND_BATCH;
}

mig__errand mig__queue_take(mig__run *run, const mig__appetite *appetite, bool wait, mig__batch **batch,
                            mig__folder_job **job)
{
    mig__errand errand = MIG__ERRAND_NONE;
    bool lingered = false;
    pthread_mutex_lock(&run->lock);
    for (;;) {
        if (run->stopping) {
            errand = wait ? MIG__ERRAND_FINISHED : MIG__ERRAND_NONE;
            break;
        }
        errand = look(run, appetite, wait, lingered, batch, job);
        if (errand != MIG__ERRAND_NONE || !wait) {
            break;
        }
        if (!writing_left(run)) {
            errand = MIG__ERRAND_FINISHED;
            break;
        }
        bool gathering = anything_queued(run);
        int64_t before = mig__now_ms();
        run->writers_waiting++;
        mig__queue_wait(run, gathering ? MIG__BATCH_LINGER_MS : 100);
        run->writers_waiting--;
        lingered = gathering && (lingered || mig__now_ms() - before >= MIG__BATCH_LINGER_MS);
    }
    pthread_mutex_unlock(&run->lock);
    return errand;
}

/* The batch leaves the hands of its writer. [lock] */
static void batch_returned(mig__run *run, mig__batch *batch)
{
    batch->job->batches_out--;
    pthread_cond_broadcast(&run->changed);
}

/* Messages leave the run: their room is free again. [lock] */
static void release_messages(mig__run *run, mig__batch *batch)
{
    for (size_t i = 0; batch->messages != NULL && i < batch->count; i++) {
        run->charged -= batch->messages[i]->charged;
    }
    run->messages_done += batch->count;
    run->last_progress_ms = mig__now_ms();
}

void mig__queue_batch_done(mig__run *run, mig__batch *batch)
{
    pthread_mutex_lock(&run->lock);
    release_messages(run, batch);
    batch_returned(run, batch);
    pthread_mutex_unlock(&run->lock);
    mig__batch_free(batch);
}

void mig__queue_messages_done(mig__run *run, mig__batch *batch, const bool *done)
{
    size_t kept = 0;
    pthread_mutex_lock(&run->lock);
    for (size_t i = 0; i < batch->count; i++) {
        mig__transit *message = batch->messages[i];
        if (!done[i]) {
            batch->messages[kept++] = message;
            continue;
        }
        batch->octets -= message->size;
        run->charged -= message->charged;
        run->messages_done++;
        mig__transit_free(message);
    }
    if (kept < batch->count) {
        run->last_progress_ms = mig__now_ms();
    }
    batch->count = kept;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

/* Put a batch among those to be sent again, in the order of its first UID. [lock] */
static void queue_refused(mig__folder_job *job, mig__batch *batch)
{
    mig__batch **place = &job->refused;
    while (*place != NULL && (*place)->messages[0]->uid < batch->messages[0]->uid) {
        place = &(*place)->next;
    }
    free(batch->broke);
    batch->broke = NULL;
    batch->id = 0;
    batch->whole = false;
    batch->next = *place;
    *place = batch;
}

static mig__batch *split_off_half(mig__batch *batch)
{
    size_t keep = batch->count / 2;
    mig__batch *rest = mig__batch_new(batch->job, batch->count - keep, NULL);
    if (rest == NULL) {
        return NULL;
    }
    for (size_t i = keep; i < batch->count; i++) {
        rest->messages[rest->count++] = batch->messages[i];
        rest->octets += batch->messages[i]->size;
        batch->octets -= batch->messages[i]->size;
    }
    batch->count = keep;
    return rest;
}

void mig__queue_batch_refused(mig__run *run, mig__batch *batch, bool split)
{
    pthread_mutex_lock(&run->lock);
    mig__folder_job *job = batch->job;
    mig__batch *rest = NULL;
    if (batch->count == 0) {
        batch_returned(run, batch);
        pthread_mutex_unlock(&run->lock);
        mig__batch_free(batch);
        return;
    }
    if (split && batch->count > 1 && (rest = split_off_half(batch)) == NULL) {
        mig__queue_fail_nomem(run);
    }
    if (rest != NULL) {
        queue_refused(job, rest);
    }
    batch_returned(run, batch);
    queue_refused(job, batch);
    pthread_mutex_unlock(&run->lock);
}

void mig__queue_batch_unknown(mig__run *run, mig__batch *batch)
{
    pthread_mutex_lock(&run->lock);
    batch->next = batch->job->unknown;
    batch->job->unknown = batch;
    batch_returned(run, batch);
    pthread_mutex_unlock(&run->lock);
}

void mig__queue_reconciled(mig__run *run, mig__folder_job *job)
{
    pthread_mutex_lock(&run->lock);
    job->reconciling = false;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

/* [lock] */
static void drop_queued(mig__run *run, mig__folder_job *job)
{
    while (job->head != NULL) {
        mig__transit *message = job->head;
        job->head = message->next;
        run->charged -= message->charged;
        mig__transit_free(message);
    }
    job->tail = NULL;
    job->queued = 0;
    job->queued_octets = 0;
    while (job->refused != NULL) {
        mig__batch *batch = job->refused;
        job->refused = batch->next;
        for (size_t i = 0; i < batch->count; i++) {
            run->charged -= batch->messages[i]->charged;
        }
        mig__batch_free(batch);
    }
}

void mig__queue_break_folder(mig__run *run, mig__folder_job *job, const mig_error *error)
{
    if (error->scope ==
        MIG_SCOPE_RUN) { /* it is not the folder that is at fault, and the next one would fare the same */
        mig__run_fail(run, error);
        return;
    }
    pthread_mutex_lock(&run->lock);
    if (!job->broken) {
        job->broken = true;
        job->error = *error;
        mig__result_problem(run->account, job->source->name, 0, true, error);
        drop_queued(run, job);
        mig__units_close(run->pool.units, &job->reading);
    }
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

void mig__queue_clear(mig__run *run)
{
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        drop_queued(run, job);
        while (job->unknown != NULL) {
            mig__batch *batch = job->unknown;
            job->unknown = batch->next;
            mig__batch_free(batch);
        }
        mig__uidset_free(&job->reading.todo);
    }
}
