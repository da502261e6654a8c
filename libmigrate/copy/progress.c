/* copy/progress.c - see progress.h */
#include "copy/progress.h"
#include "base/clock.h"
#include "copy/queue.h"

enum { PROGRESS_MS = 100 };

static uint64_t settled(const mig__run *run)
{
    uint64_t messages = 0;
    for (size_t i = 0; i < run->job_count; i++) {
        const mig_folder_result *r = run->jobs[i].result;
        messages += r->copied + r->adopted + r->adopted_read + r->moved + r->skipped + r->failed + r->withheld;
    }
    return messages;
}

/* A run that ends early drops what is under way: only what came of a message counts then. */
static uint64_t done(const mig__run *run)
{
    uint64_t now = settled(run);
    if (run->fatal.code == MIG_OK) {
        return run->messages_done < run->messages_total ? run->messages_done : run->messages_total;
    }
    return now > run->settled_before ? now - run->settled_before : 0;
}

void mig__run_show_from(mig__run *run, uint64_t messages)
{
    pthread_mutex_lock(&run->lock);
    run->messages_total = messages;
    run->settled_before = settled(run);
    pthread_mutex_unlock(&run->lock);
}

/* At the end the state is closed, and what was seen of it last counts. With the lock held. */
static mig_strain strain_of(mig__run *run)
{
    if (run->state != NULL) {
        mig__state_commits(run->state, &run->commits, &run->commit_seconds);
    }
    return (mig_strain){.reconnects = run->source_breaks + run->breaks,
                        .throttles = run->throttles,
                        .commits = run->commits,
                        .commit_seconds = run->commit_seconds};
}

void mig__run_show(mig__run *run)
{
    const mig_copy_options *options = run->options;
    run->shown_ms = mig__now_ms();
    if (options->observer.progress == NULL) {
        return;
    }
    pthread_mutex_lock(&run->lock);
    mig_progress progress = {.account = run->sides[MIG_SOURCE].label,
                             .phase = run->phase,
                             .folder = run->current != NULL ? run->current->source->name : "",
                             .messages_total = run->messages_total,
                             .messages_done = done(run),
                             .bytes_done = run->account_octets,
                             .seconds = mig__now_seconds() - run->started,
                             .strain = strain_of(run)};
    for (size_t i = 0; i < run->job_count; i++) {
        progress.failed += run->jobs[i].result->failed;
    }
    pthread_mutex_unlock(&run->lock);
    if (run->queue != NULL) { /* it has a lock of its own */
        progress.strain.queue_bytes = mig__queue_look(run->queue).charged;
    }
    options->observer.progress(&progress, options->observer.context);
}

void mig__run_show_often(mig__run *run)
{
    if (mig__now_ms() - run->shown_ms >= PROGRESS_MS) {
        mig__run_show(run);
    }
}
