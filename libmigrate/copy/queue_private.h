/* copy/queue_private.h - what the two halves of the queue share: unit.c (UIDs to be read) and queue.c (batches) */
#ifndef MIG_COPY_QUEUE_PRIVATE_H
#define MIG_COPY_QUEUE_PRIVATE_H

#include "copy/queue.h"

/* All of them with the run's lock. */

/* Wait until anything changed, for so long at most. */
void mig__queue_wait(mig__run *run, int64_t ms);
void mig__queue_fail_nomem(mig__run *run);

/* True when no message of the folder can reach the queue any more. */
bool mig__units_drained(const mig__folder_job *job);
/* Forget the units that were handed back. */
void mig__units_drop(mig__folder_job *job);

#endif
