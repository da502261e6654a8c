/*
 * account/spare.h - connections that are opened while a run still finds out what there is to do
 *
 * Logging in costs a few round trips. Whoever knows beforehand that there will be much to do has the further
 * connections made meanwhile, so that they are there when the first message is.
 */
#ifndef MIG_ACCOUNT_SPARE_H
#define MIG_ACCOUNT_SPARE_H

#include "account/gate.h"

enum { MIG__SPARES_MOST = 31 };

typedef struct mig__spare {
    mig__gate *gate;
    pthread_t thread;
    mig__session *session; /* NULL: could not be opened, which is no error: who wants it tries again */
} mig__spare;

typedef struct mig__spares {
    mig__gate *gate;
    pthread_mutex_t lock;
    mig__spare items[MIG__SPARES_MOST];
    size_t count, taken;
} mig__spares;

/* Begin to open `count` connections; fewer when no more threads are to be had, or it is more than MIG__SPARES_MOST. */
void mig__spares_begin(mig__spares *spares, mig__gate *gate, size_t count);
/* Wait for the next one: the caller's; NULL: it failed. False: there is none left. For several threads. */
bool mig__spares_take(mig__spares *spares, mig__session **session);
/* Close those that nobody took. */
void mig__spares_end(mig__spares *spares);

#endif
