/* verify/session.c - logging in, with patience; the pool of flags */
#include "base/clock.h"
#include "base/retry.h"
#include "verify/job.h"
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 120000 };

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
    if (pool->count == pool->capacity) {
        size_t capacity = pool->capacity == 0 ? 16 : pool->capacity * 2;
        char **grown = realloc(pool->items, capacity * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        pool->items = grown;
        pool->capacity = capacity;
    }
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
    if (mig_stop_level(run->options->stop) > 0) {
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

static mig__tls_context *tls_of(mig__verify_run *run, mig_side side, const mig_endpoint *endpoint, mig_error *err)
{
    pthread_mutex_lock(&run->lock);
    if (run->tls[side] == NULL) {
        run->tls[side] = mig__tls_context_new(endpoint, err);
    }
    mig__tls_context *context = run->tls[side];
    pthread_mutex_unlock(&run->lock);
    return context;
}

static bool pause_before_attempt(mig__verify_run *run, const mig_error *error, unsigned attempt)
{
    int64_t ms = mig__retry_delay(error, attempt, (uint32_t)mig__now_ms() * 2654435761u);
    for (int64_t until = mig__now_ms() + ms; mig__now_ms() < until;) {
        if (mig__verify_stopping(run)) {
            return false;
        }
        mig__sleep_ms(50);
    }
    return !mig__verify_stopping(run);
}

mig__session *mig__verify_connect(mig__verify_run *run, mig_side side, bool first, mig_error *err)
{
    const mig_endpoint *endpoint = side == MIG_SOURCE ? run->options->source : run->options->target;
    mig__session_options options = {.endpoint = endpoint,
                                    .stop = run->options->stop,
                                    .log = &run->options->log,
                                    .account = side == MIG_SOURCE ? run->source_label : run->target_label,
                                    .labels_as_keywords =
                                        side == MIG_SOURCE && run->options->labels == MIG_LABELS_KEYWORD};
    if (endpoint->tls != MIG_TLS_NONE && (options.tls = tls_of(run, side, endpoint, err)) == NULL) {
        return NULL;
    }
    int64_t until = mig__now_ms() + (run->options->patience_ms > 0 ? run->options->patience_ms : PATIENCE_MS);
    for (unsigned attempt = 1;; attempt++) {
        if (mig__verify_stopping(run)) {
            mig_error_set(err, MIG_E_INTERRUPTED, "stopped");
            return NULL;
        }
        mig__session *session = mig__session_open(&options, err);
        if (session != NULL) {
            return session;
        }
        bool waits = err->retry != MIG_RETRY_NEVER && (!first || err->code == MIG_E_UNAVAILABLE);
        if (!waits || mig__now_ms() > until || !pause_before_attempt(run, err, attempt)) {
            return NULL;
        }
    }
}

void mig__verify_disconnect(mig__verify_run *run, mig__session **session)
{
    if (*session == NULL) {
        return;
    }
    mig__stream_stats stats;
    mig__session_stats_get(*session, &stats);
    mig__session_close(session);
    pthread_mutex_lock(&run->lock);
    run->stats.octets_in += stats.octets_in;
    run->stats.octets_out += stats.octets_out;
    run->stats.waits += stats.waits;
    pthread_mutex_unlock(&run->lock);
}

int mig__verify_open(mig__session *session, const char *mailbox, mig__selected *selected, mig_error *err)
{
    mig__command_result result = {0};
    mig__command *command = mig__select(session, mailbox, true, selected, err);
    if (command == NULL || mig__command_wait(session, command, &result, err) != 0) {
        return -1;
    }
    int refused = result.error.code != MIG_OK;
    if (refused) {
        *err = result.error;
    }
    mig__command_result_clear(&result);
    return refused;
}
