/* copy/crew.h - the threads that carry messages over: how many, when more of them are worth it, and what they have done
 */
#ifndef MIG_COPY_CREW_H
#define MIG_COPY_CREW_H

#include "account/spare.h"
#include "copy/job.h"

/* What the folders that are to be copied have to be carried over, after the scan. */
uint64_t mig__crew_messages(const mig__run *run);
/* Writers besides the first one, for as much as the lists promise: worth connecting for before the scan. */
size_t mig__crew_more_writers(const mig__run *run);
/*
 * Read and write until nothing is left, or the run stops. Takes both sessions over (NULL allowed), and the spares.
 * Errors end the run (mig__run_fail).
 */
void mig__crew_work(mig__run *run, mig__spares *spares, mig__session **source, mig__session **target);

#endif
