/* copy/begin.h - what is known when a run begins */
#ifndef MIG_COPY_BEGIN_H
#define MIG_COPY_BEGIN_H

#include "copy/job.h"

/*
 * Open the state, record that the run begins, and set its pace by what was sent today. With --dry-run the state is only
 * read, or one in memory where there is none. 0, or -1: the state cannot be used.
 */
int mig__begin_record(mig__run *run, mig_error *err);

#endif
