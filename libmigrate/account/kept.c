/* account/kept.c - connections that one use of an account leaves open for the next one */
#include "account/kept.h"
#include "base/clock.h"
#include "imap/command.h"
#include <migrate/effort.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    ENDPOINTS = 2, /* a source and a target */
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
    idle items[MIG_MOST_CONNECTIONS];
    int count;
} place;

struct mig_kept {
    pthread_mutex_t lock;
    int most;
    unsigned complaints;
    place places[ENDPOINTS];
};

mig_kept *mig_kept_new(int most, mig_error *err)
{
    mig_kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&kept->lock, NULL);
    kept->most = most < MIG_MOST_CONNECTIONS ? most : MIG_MOST_CONNECTIONS;
    return kept;
}

void mig_kept_free(mig_kept **pointer)
{
    mig_kept *kept = *pointer;
    *pointer = NULL;
    if (kept == NULL) {
        return;
    }
    for (size_t i = 0; i < ENDPOINTS; i++) {
        place *at = &kept->places[i];
        while (at->count > 0) {
            mig__session_close(&at->items[--at->count].session);
        }
        mig__tls_context_free(&at->tls);
    }
    pthread_mutex_destroy(&kept->lock);
    free(kept);
}

/* With the lock held. NULL: a third endpoint, which goes without. */
static place *find(mig_kept *kept, const mig_endpoint *endpoint)
{
    for (size_t i = 0; i < ENDPOINTS; i++) {
        place *at = &kept->places[i];
        if (at->endpoint == NULL) {
            at->endpoint = endpoint;
        }
        if (at->endpoint == endpoint) {
            return at;
        }
    }
    return NULL;
}

void mig__kept_complain(mig_kept *kept, const mig_error *error)
{
    pthread_mutex_lock(&kept->lock);
    kept->complaints += error->code == MIG_E_UNAVAILABLE;
    pthread_mutex_unlock(&kept->lock);
}

unsigned mig_kept_complaints(mig_kept *kept)
{
    pthread_mutex_lock(&kept->lock);
    unsigned complaints = kept->complaints;
    pthread_mutex_unlock(&kept->lock);
    return complaints;
}

static idle take_newest(mig_kept *kept, const mig_endpoint *endpoint)
{
    idle taken = {NULL, 0};
    pthread_mutex_lock(&kept->lock);
    place *at = find(kept, endpoint);
    if (at != NULL && at->count > 0) {
        taken = at->items[--at->count];
    }
    pthread_mutex_unlock(&kept->lock);
    return taken;
}

mig__session *mig__kept_take(mig_kept *kept, const mig__session_options *options)
{
    for (;;) {
        idle taken = take_newest(kept, options->endpoint);
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

bool mig__kept_give(mig_kept *kept, const mig_endpoint *endpoint, mig__session **session)
{
    if (!mig__session_rest(*session)) {
        return false;
    }
    pthread_mutex_lock(&kept->lock);
    place *at = find(kept, endpoint);
    bool room = at != NULL && at->count < kept->most;
    if (room) {
        at->items[at->count++] = (idle){*session, mig__now_ms()};
        *session = NULL;
    }
    pthread_mutex_unlock(&kept->lock);
    return room;
}

mig__tls_context *mig__kept_tls(mig_kept *kept, const mig_endpoint *endpoint, mig_error *err)
{
    pthread_mutex_lock(&kept->lock);
    place *at = find(kept, endpoint);
    if (at != NULL && at->tls == NULL) {
        at->tls = mig__tls_context_new(endpoint, err);
    }
    mig__tls_context *tls = at != NULL ? at->tls : NULL;
    if (at == NULL) {
        mig_error_set(err, MIG_E_INTERNAL, "connections are kept for two endpoints");
    }
    pthread_mutex_unlock(&kept->lock);
    return tls;
}
