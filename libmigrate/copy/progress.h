/* copy/progress.h - what those who watch a copy are told */
#ifndef MIG_COPY_PROGRESS_H
#define MIG_COPY_PROGRESS_H

#include "copy/job.h"

/* Tell how far the run is. By the thread that called mig_copy_run alone. */
void mig__run_show(mig__run *run);
/* The same, some times a second however often it is called. */
void mig__run_show_often(mig__run *run);
/* The messages to be copied are counted: what is settled before this is no progress. */
void mig__run_show_from(mig__run *run, uint64_t messages);

#endif
