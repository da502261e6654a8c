/* copy/lanes.c - the folders of a run as lanes of its queue, and what the run keeps count of as messages pass */
#include "copy/lanes.h"
#include "base/clock.h"
#include "base/kept.h"
#include <string.h>

size_t mig__lane_of(const mig__run *run, const mig__folder_job *job)
{
    return (size_t)(job - run->jobs);
}

static bool is_drained(const mig__folder_job *job, void *context)
{
    const mig__run *run = context;
    return mig__units_drained(run->pool.units, &job->reading);
}

int mig__lanes_begin(mig__run *run, mig_error *err)
{
    const mig__queue_options options = {
        .budget = run->budget, .ordered = run->options->ordered, .drained = is_drained, .context = run};
    mig__queue *queue = mig__queue_new(run->job_count, &options, err);
    pthread_mutex_lock(&run->lock); /* whoever stops the run stops its queue */
    run->queue = queue;
    if (run->stopping) {
        mig__queue_stop(queue);
    }
    pthread_mutex_unlock(&run->lock);
    return queue == NULL ? -1 : 0;
}

void mig__lanes_end(mig__run *run)
{
    pthread_mutex_lock(&run->lock);
    mig__queue *queue = run->queue;
    run->queue = NULL;
    pthread_mutex_unlock(&run->lock);
    mig__queue_free(&queue);
}

/* The first folder that goes to the same mailbox: names may have changed since the map was made. */
static size_t group_of(const mig__run *run, size_t at)
{
    for (size_t i = 0; run->jobs[at].shared && i < at; i++) {
        if (run->jobs[i].copy && strcmp(run->jobs[i].target, run->jobs[at].target) == 0) {
            return i;
        }
    }
    return at;
}

void mig__lanes_open(mig__run *run)
{
    for (size_t i = 0; i < run->job_count; i++) {
        mig__folder_job *job = &run->jobs[i];
        if (job->copy && !job->broken) {
            const mig__lane_options options = {
                .owner = job, .group = group_of(run, i), .shared = job->shared, .wary = job->wary};
            mig__queue_open(run->queue, i, &options);
        }
    }
}

void mig__lanes_put(mig__run *run, mig__folder_job *job, mig__transit *message)
{
    bool taken = mig__queue_put(run->queue, mig__lane_of(run, job), message);
    pthread_mutex_lock(&run->lock);
    run->current = taken ? job : run->current;
    run->last_progress_ms = mig__now_ms();
    pthread_mutex_unlock(&run->lock);
}

static void count_done(mig__run *run, size_t messages)
{
    pthread_mutex_lock(&run->lock);
    run->messages_done += messages;
    run->last_progress_ms = messages > 0 ? mig__now_ms() : run->last_progress_ms;
    pthread_mutex_unlock(&run->lock);
}

void mig__lanes_batch_done(mig__run *run, mig__batch *batch)
{
    count_done(run, mig__queue_batch_done(run->queue, batch));
}

void mig__lanes_messages_done(mig__run *run, mig__batch *batch, const bool *done)
{
    count_done(run, mig__queue_messages_done(run->queue, batch, done));
}

void mig__lanes_break(mig__run *run, mig__folder_job *job, const mig_error *error)
{
    if (error->scope == MIG_SCOPE_RUN) { /* the next folder would fare the same */
        mig__run_fail(run, error);
        return;
    }
    pthread_mutex_lock(&run->lock);
    bool first = !job->broken;
    if (first) {
        job->broken = true;
        mig__error_keep(&job->error, error);
        mig__result_problem(run->account, job->source->name, 0, true, error);
    }
    pthread_mutex_unlock(&run->lock);
    if (first) {
        mig__queue_close(run->queue, mig__lane_of(run, job));
        mig__units_close(run->pool.units, &job->reading);
    }
}
