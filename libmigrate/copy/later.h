/* copy/later.h - junk is carried over after everything else (--junk last) */
#ifndef MIG_COPY_LATER_H
#define MIG_COPY_LATER_H

#include "copy/job.h"

/* Take the junk out of what the folders have to be read for: junk folders whole, of others what has $Junk. 0, or -1. */
int mig__later_choose(mig__run *run, mig__session **source, mig_error *err);

/* Put it back, when all else is across. True: there is some. */
bool mig__later_begin(mig__run *run);

#endif
