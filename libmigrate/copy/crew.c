/* copy/crew.c - the threads of a run: one reader and one writer at first, more of them as there is use for them */
#include "copy/lanes.h"
#include "copy/crew.h"
#include "copy/progress.h"
#include "base/clock.h"
#include "base/thread.h"
#include "copy/reader.h"
#include "copy/writer.h"
#include <stdlib.h>

enum {
    MESSAGES_A_WRITER = 200, /* fewer are not worth another connection */
    PROGRESS_MS = 100,
    STARVED_TICKS = 3 /* looks in a row that found writers without work before a reader is added */
};

typedef struct crew { /* the writers of a run, and how its readers get on */
    pthread_t threads[MIG_MOST_CONNECTIONS];
    unsigned writers_begun;
    int starved;
} crew;

static int add_writer(mig__run *run, crew *c, mig__session *session, mig_error *err)
{
    mig__writer_start *start = malloc(sizeof *start);
    if (start == NULL) {
        mig__gate_close(&run->sides[MIG_TARGET].gate, &session);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    *start = (mig__writer_start){run, session};
    pthread_mutex_lock(&run->lock);
    run->writers++;
    pthread_mutex_unlock(&run->lock);
    if (mig__thread_start(&c->threads[c->writers_begun], mig__writer_main, start, err) != 0) {
        pthread_mutex_lock(&run->lock);
        run->writers--;
        pthread_mutex_unlock(&run->lock);
        free(start);
        mig__gate_close(&run->sides[MIG_TARGET].gate, &session);
        return -1;
    }
    c->writers_begun++;
    return 0;
}

uint64_t mig__crew_messages(const mig__run *run)
{
    uint64_t messages = 0;
    for (size_t i = 0; i < run->job_count; i++) {
        messages += run->jobs[i].broken
                        ? 0
                        : mig__uidset_size(&run->jobs[i].reading.todo) + mig__uidset_size(&run->jobs[i].later);
    }
    return messages;
}

/* What STATUS shows beyond the last complete pass: an estimate, the scan tells exactly. */
static uint64_t promised(const mig__run *run)
{
    uint64_t messages = 0;
    for (size_t i = 0; i < run->job_count; i++) {
        const mig__folder_job *job = &run->jobs[i];
        if (job->copy && job->record.id == 0) {
            messages += job->source->messages;
        } else if (job->copy && job->source->messages > job->record.source_messages && job->record.source_uidnext > 0) {
            messages += job->source->messages - job->record.source_messages;
        }
    }
    return messages;
}

/* Writers besides the first one, for as much as the lists promise. */
size_t mig__crew_more_writers(const mig__run *run)
{
    uint64_t worth = promised(run) / MESSAGES_A_WRITER, most = run->max_writers - 1;
    return (size_t)(worth == 0 ? 0 : worth - 1 < most ? worth - 1 : most);
}

/* Connections beyond the first ones: more writers for much mail, another reader when the writers starve. */
static int reinforce(mig__run *run, crew *c, mig_error *err)
{
    pthread_mutex_lock(&run->lock);
    uint64_t left = run->messages_total > run->messages_done ? run->messages_total - run->messages_done : 0;
    unsigned wanted =
        (unsigned)(left / MESSAGES_A_WRITER < run->max_writers ? left / MESSAGES_A_WRITER : run->max_writers);
    bool more_writers = !run->stopping && c->writers_begun < wanted;
    mig__queue_view view = mig__queue_look(run->queue);
    bool starving = view.writers_waiting > 0 && view.charged == 0 && left > MESSAGES_A_WRITER;
    c->starved = starving ? c->starved + 1 : 0;
    bool more_readers = !run->stopping && c->starved >= STARVED_TICKS && run->pool.count < run->max_readers;
    pthread_mutex_unlock(&run->lock);
    if (more_readers) {
        c->starved = 0;
    }
    int failed = more_writers ? add_writer(run, c, NULL, err) : 0;
    failed = failed == 0 && more_readers ? mig__pool_add(&run->pool, NULL, err) : failed;
    if (failed != 0 && err->code == MIG_E_LIMIT) { /* those that there are do it as well */
        mig__run_log(run, MIG_LOG_WARNING, NULL, 0, err, "going on with fewer connections: %s", err->text);
        pthread_mutex_lock(&run->lock);
        run->max_writers = c->writers_begun;
        run->max_readers = (unsigned)run->pool.count;
        pthread_mutex_unlock(&run->lock);
        return 0;
    }
    return failed;
}

static bool threads_left(mig__run *run)
{
    bool reading = mig__pool_busy(&run->pool) > 0;
    pthread_mutex_lock(&run->lock);
    bool left = reading || run->writers > 0;
    if (left) {
        mig__cond_wait_ms(&run->changed, &run->lock, PROGRESS_MS);
    }
    pthread_mutex_unlock(&run->lock);
    return left;
}

void mig__crew_work(mig__run *run, mig__spares *spares, mig__session **source, mig__session **target)
{
    crew c = {0};
    mig__session *spare;
    mig_error error = MIG_ERROR_INIT;
    mig__run_phase(run, "copying");
    mig__run_progress(run);
    mig__lanes_open(run);
    if (mig__copy_readers_begin(run, &error) != 0) {
        mig__copy_readers_end(run);
        mig__run_fail(run, &error);
        return;
    }
    int failed = mig__pool_add(&run->pool, *source, &error);
    *source = NULL;
    if (failed == 0) {
        failed = add_writer(run, &c, *target, &error);
        *target = NULL;
    }
    while (failed == 0 && mig__spares_take(spares, &spare)) {
        failed = spare == NULL ? 0 : add_writer(run, &c, spare, &error);
    }
    int64_t shown = 0;
    if (failed != 0) {
        mig__run_fail(run, &error);
    }
    do {
        int64_t now = mig__now_ms();
        if (now - shown >= PROGRESS_MS || c.writers_begun < run->max_writers) {
            mig__run_stopping(run); /* notices signals and the time */
            if (now - shown >= PROGRESS_MS) {
                mig__run_show(run);
                shown = now;
            }
            mig__mark_renew(run);
            if (reinforce(run, &c, &error) != 0) {
                mig__run_fail(run, &error);
            }
        }
    } while (threads_left(run));
    for (size_t i = 0; i < c.writers_begun; i++) {
        pthread_join(c.threads[i], NULL);
    }
    mig__copy_readers_end(run);
    if (mig__queue_no_memory(run->queue)) {
        mig_error_set(&error, MIG_E_NOMEM, "out of memory");
        mig__run_fail(run, &error);
    }
}
