/* copy/reader.h - what a copy does with what is read: messages come into the queue */
#ifndef MIG_COPY_READER_H
#define MIG_COPY_READER_H

#include "copy/job.h"

/* Fill run->pool for all folders that have something to be read. Ends with mig__copy_readers_end. 0, -1. */
int mig__copy_readers_begin(mig__run *run, mig_error *err);
/* Wait for the readers. */
void mig__copy_readers_end(mig__run *run);

#endif
