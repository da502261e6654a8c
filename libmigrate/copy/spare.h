/*
 * copy/spare.h - connections to the target that are opened while the run still prepares
 *
 * Logging in costs a few round trips. When the lists already show much new mail, the writers' connections are made
 * beside the scan, so that all of them are there when the first message is.
 */
#ifndef MIG_COPY_SPARE_H
#define MIG_COPY_SPARE_H

#include "copy/job.h"

enum {
    MIG__SPARES_MOST = 31,
    MIG__MESSAGES_A_WRITER = 200 /* fewer are not worth another connection */
};

typedef struct mig__spare {
    mig__run *run;
    pthread_t thread;
    mig__session *session; /* NULL: could not be opened, which is no error: the writer tries itself */
} mig__spare;

typedef struct mig__spares { /* zeroed: none */
    mig__spare items[MIG__SPARES_MOST];
    size_t count, taken;
} mig__spares;

/* Begin to connect as many as the messages that the lists promise are worth. */
void mig__spares_begin(mig__spares *spares, mig__run *run);
/* Wait for the next one; NULL: it failed. False: there is none left. */
bool mig__spares_take(mig__spares *spares, mig__session **session);
/* Close those that nobody took. */
void mig__spares_end(mig__spares *spares, mig__run *run);

#endif
