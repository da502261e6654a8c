/*
 * verify/spare.h - connections to the target that are opened while its folders are still being asked what they hold
 *
 * Logging in costs a few round trips. The record tells beforehand how much there will be to read.
 */
#ifndef MIG_VERIFY_SPARE_H
#define MIG_VERIFY_SPARE_H

#include "verify/job.h"

enum { MIG__VERIFY_SPARES_MOST = 31 };

typedef struct mig__verify_spare {
    mig__verify_run *run;
    pthread_t thread;
    mig__session *session; /* NULL: could not be opened, which is no error: the reader tries itself */
} mig__verify_spare;

struct mig__verify_spares { /* zeroed: none */
    mig__verify_spare items[MIG__VERIFY_SPARES_MOST];
    size_t count, taken; /* `taken` under the run's lock */
};

/* Begin to open `count` connections; fewer when no more threads are to be had. */
void mig__verify_spares_begin(mig__verify_spares *spares, mig__verify_run *run, size_t count);
/* Wait for the next one: the caller's. NULL: it failed, or there is none left. For several threads. */
mig__session *mig__verify_spares_take(mig__verify_spares *spares, mig__verify_run *run);
/* Close those that nobody took. */
void mig__verify_spares_end(mig__verify_spares *spares, mig__verify_run *run);

#endif
