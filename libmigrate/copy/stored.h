/* copy/stored.h - a second look at what the target stored, where what it announces is not to be relied on */
#ifndef MIG_COPY_STORED_H
#define MIG_COPY_STORED_H

#include "copy/job.h"

/* Whether any folder of the run got flags that PERMANENTFLAGS does not list (mig__settle_takes_flag). */
bool mig__stored_doubtful(const mig__run *run);

/*
 * Ask such folders for the flags of what was copied in this run: the record then says what is stored, and a flag that
 * did not stay is told. After the threads. 0, or -1 when the session or the state failed; a refusal is told.
 */
int mig__stored_look(mig__run *run, mig__session **target, mig_error *err);

#endif
