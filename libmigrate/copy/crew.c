/* copy/crew.c - the threads of a run: one reader and one writer at first, more of them as there is use for them */
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

typedef struct crew { /* the threads of a run */
    pthread_t threads[2 * MIG_MOST_CONNECTIONS];
    size_t count;
    unsigned readers_begun, writers_begun;
    int starved;
} crew;

static int add_thread(mig__run *run, crew *c, bool reader, mig__session *session, mig_error *err)
{
    mig__gate *gate = &run->sides[reader ? MIG_SOURCE : MIG_TARGET].gate;
    mig__reader_start *for_reader = reader ? malloc(sizeof *for_reader) : NULL;
    mig__writer_start *for_writer = reader ? NULL : malloc(sizeof *for_writer);
    void *argument = reader ? (void *)for_reader : (void *)for_writer;
    if (argument == NULL) {
        mig__gate_close(gate, &session);
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (reader) {
        *for_reader = (mig__reader_start){run, session};
    } else {
        *for_writer = (mig__writer_start){run, session};
    }
    pthread_mutex_lock(&run->lock);
    *(reader ? &run->readers : &run->writers) += 1;
    pthread_mutex_unlock(&run->lock);
    if (mig__thread_start(&c->threads[c->count], reader ? mig__reader_main : mig__writer_main, argument, err) != 0) {
        pthread_mutex_lock(&run->lock);
        *(reader ? &run->readers : &run->writers) -= 1;
        pthread_mutex_unlock(&run->lock);
        free(argument);
        mig__gate_close(gate, &session);
        return -1;
    }
    c->count++;
    *(reader ? &c->readers_begun : &c->writers_begun) += 1;
    return 0;
}

uint64_t mig__crew_messages(const mig__run *run)
{
    uint64_t messages = 0;
    for (size_t i = 0; i < run->job_count; i++) {
        messages += run->jobs[i].broken ? 0 : mig__uidset_size(&run->jobs[i].todo);
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
    bool starving = run->writers_waiting > 0 && run->charged == 0 && left > MESSAGES_A_WRITER;
    c->starved = starving ? c->starved + 1 : 0;
    bool more_readers = !run->stopping && c->starved >= STARVED_TICKS && c->readers_begun < run->max_readers;
    pthread_mutex_unlock(&run->lock);
    if (more_readers) {
        c->starved = 0;
    }
    int failed = more_writers ? add_thread(run, c, false, NULL, err) : 0;
    failed = failed == 0 && more_readers ? add_thread(run, c, true, NULL, err) : failed;
    if (failed != 0 && err->code == MIG_E_LIMIT) { /* those that there are do it as well */
        mig__run_log(run, MIG_LOG_WARNING, NULL, 0, err, "going on with fewer connections: %s", err->text);
        pthread_mutex_lock(&run->lock);
        run->max_writers = c->writers_begun;
        run->max_readers = c->readers_begun;
        pthread_mutex_unlock(&run->lock);
        return 0;
    }
    return failed;
}

static bool threads_left(mig__run *run)
{
    pthread_mutex_lock(&run->lock);
    bool left = run->readers > 0 || run->writers > 0;
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
    int failed = add_thread(run, &c, true, *source, &error);
    *source = NULL;
    failed = failed != 0 ? failed : add_thread(run, &c, false, *target, &error);
    *target = failed != 0 ? *target : NULL;
    while (failed == 0 && mig__spares_take(spares, &spare)) {
        failed = spare == NULL ? 0 : add_thread(run, &c, false, spare, &error);
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
            if (reinforce(run, &c, &error) != 0) {
                mig__run_fail(run, &error);
            }
        }
    } while (threads_left(run));
    for (size_t i = 0; i < c.count; i++) {
        pthread_join(c.threads[i], NULL);
    }
}
