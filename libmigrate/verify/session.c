/* verify/session.c - opening mailboxes, how a run ends early; the pool of flags */
#include "base/memory.h"
#include "verify/job.h"
#include <stdlib.h>
#include <string.h>

/* Where `flags` is or belongs in the pool. */
static size_t place(const mig__flag_pool *pool, const char *flags, bool *there)
{
    size_t low = 0, high = pool->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(pool->items[middle], flags);
        if (order == 0) {
            *there = true;
            return middle;
        }
        *(order < 0 ? &low : &high) = order < 0 ? middle + 1 : middle;
    }
    *there = false;
    return low;
}

const char *mig__flag_pool_take(mig__flag_pool *pool, const char *flags)
{
    bool there;
    size_t at = place(pool, flags, &there);
    if (there) {
        return pool->items[at];
    }
    char **grown = mig__grow(pool->items, pool->count, sizeof *grown, NULL);
    if (grown == NULL) {
        return NULL;
    }
    pool->items = grown;
    char *copy = strdup(flags);
    if (copy == NULL) {
        return NULL;
    }
    memmove(pool->items + at + 1, pool->items + at, (pool->count - at) * sizeof *pool->items);
    pool->items[at] = copy;
    pool->count++;
    return copy;
}

void mig__flag_pool_free(mig__flag_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        free(pool->items[i]);
    }
    free(pool->items);
    *pool = (mig__flag_pool){0};
}

void mig__verify_fail(mig__verify_run *run, const mig_error *error)
{
    pthread_mutex_lock(&run->lock);
    if (run->fatal.code == MIG_OK) {
        run->fatal = *error;
    }
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

bool mig__verify_stopping(mig__verify_run *run)
{
    if (mig_stop_level(run->options->observer.stop) > 0) {
        mig_error error;
        mig_error_set(&error, MIG_E_INTERRUPTED, "stopped before the end: asked to stop");
        mig_error_hint(&error, "nothing was changed; run the same command again to verify everything");
        mig__verify_fail(run, &error);
    }
    pthread_mutex_lock(&run->lock);
    bool stopping = run->fatal.code != MIG_OK;
    pthread_mutex_unlock(&run->lock);
    return stopping;
}

int mig__verify_open(mig__session *session, const char *mailbox, mig__selected *selected, mig_error *err)
{
    return mig__command_outcome(session, mig__select(session, mailbox, true, selected, err), err);
}
