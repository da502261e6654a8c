/* copy/writer.h - a thread that appends batches to the target, each under an intent of the journal */
#ifndef MIG_COPY_WRITER_H
#define MIG_COPY_WRITER_H

#include "copy/job.h"

typedef struct mig__writer_start {
    mig__run *run;
    mig__session *session; /* taken over; NULL: the thread connects itself */
} mig__writer_start;

/* Thread body; takes over and frees `start` (a mig__writer_start from malloc). run->writers was counted up before. */
void *mig__writer_main(void *start);

#endif
