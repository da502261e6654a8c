/* copy/queue_private.h - what tests of the queue see besides */
#ifndef MIG_COPY_QUEUE_PRIVATE_H
#define MIG_COPY_QUEUE_PRIVATE_H

#include "copy/queue.h"

/* All of them with the run's lock. */

/* Wait until anything changed, for so long at most. */
void mig__queue_wait(mig__run *run, int64_t ms);
void mig__queue_fail_nomem(mig__run *run);

#endif
