/* account/pool.c - connections that one use of an account leaves open for the next one */
#include "account/pool.h"
#include "base/clock.h"
#include "imap/command.h"
#include <pthread.h>
#include <stdlib.h>

enum {
    ENDPOINTS = 2, /* a source and a target */
    MOST = 32,
    SURE_MS =
        2000 /* what is idle for longer is asked whether it is still there: that costs a round trip, a login four */
};

typedef struct idle {
    mig__session *session;
    int64_t since_ms;
} idle;

typedef struct place {
    const mig_endpoint *endpoint; /* NULL: free */
    mig__tls_context *tls;        /* NULL: not needed yet */
    idle items[MOST];
    int count;
} place;

struct mig_pool {
    pthread_mutex_t lock;
    int most;
    unsigned complaints;
    place places[ENDPOINTS];
};

mig_pool *mig_pool_new(int most, mig_error *err)
{
    mig_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pool->most = most < MOST ? most : MOST;
    return pool;
}

void mig_pool_free(mig_pool **pointer)
{
    mig_pool *pool = *pointer;
    *pointer = NULL;
    if (pool == NULL) {
        return;
    }
    for (size_t i = 0; i < ENDPOINTS; i++) {
        place *at = &pool->places[i];
        while (at->count > 0) {
            mig__session_close(&at->items[--at->count].session);
        }
        mig__tls_context_free(&at->tls);
    }
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* With the lock held. NULL: a third endpoint, which goes without. */
static place *find(mig_pool *pool, const mig_endpoint *endpoint)
{
    for (size_t i = 0; i < ENDPOINTS; i++) {
        place *at = &pool->places[i];
        if (at->endpoint == NULL) {
            at->endpoint = endpoint;
        }
        if (at->endpoint == endpoint) {
            return at;
        }
    }
    return NULL;
}

void mig__pool_complain(mig_pool *pool, const mig_error *error)
{
    pthread_mutex_lock(&pool->lock);
    pool->complaints += error->code == MIG_E_UNAVAILABLE;
    pthread_mutex_unlock(&pool->lock);
}

unsigned mig_pool_complaints(mig_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    unsigned complaints = pool->complaints;
    pthread_mutex_unlock(&pool->lock);
    return complaints;
}

static idle take_newest(mig_pool *pool, const mig_endpoint *endpoint)
{
    idle taken = {NULL, 0};
    pthread_mutex_lock(&pool->lock);
    place *at = find(pool, endpoint);
    if (at != NULL && at->count > 0) {
        taken = at->items[--at->count];
    }
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

mig__session *mig__pool_take(mig_pool *pool, const mig__session_options *options)
{
    for (;;) {
        idle taken = take_newest(pool, options->endpoint);
        if (taken.session == NULL) {
            return NULL;
        }
        mig_error gone;
        mig__session_wake(taken.session, options);
        if (mig__now_ms() - taken.since_ms < SURE_MS ||
            mig__command_simple(taken.session, "NOOP", NULL, NULL, &gone) == 0) {
            return taken.session;
        }
        mig__session_close(&taken.session);
    }
}

bool mig__pool_give(mig_pool *pool, const mig_endpoint *endpoint, mig__session **session)
{
    if (!mig__session_rest(*session)) {
        return false;
    }
    pthread_mutex_lock(&pool->lock);
    place *at = find(pool, endpoint);
    bool kept = at != NULL && at->count < pool->most;
    if (kept) {
        at->items[at->count++] = (idle){*session, mig__now_ms()};
        *session = NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    return kept;
}

mig__tls_context *mig__pool_tls(mig_pool *pool, const mig_endpoint *endpoint, mig_error *err)
{
    pthread_mutex_lock(&pool->lock);
    place *at = find(pool, endpoint);
    if (at != NULL && at->tls == NULL) {
        at->tls = mig__tls_context_new(endpoint, err);
    }
    mig__tls_context *tls = at != NULL ? at->tls : NULL;
    if (at == NULL) {
        mig_error_set(err, MIG_E_INTERNAL, "a pool is for two endpoints");
    }
    pthread_mutex_unlock(&pool->lock);
    return tls;
}
