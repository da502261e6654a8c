/* copy/reader.h - a thread that fetches messages from the source and puts them into the queue */
#ifndef MIG_COPY_READER_H
#define MIG_COPY_READER_H

#include "copy/job.h"

typedef struct mig__reader_start {
    mig__run *run;
    mig__session *session; /* taken over; NULL: the thread connects itself */
} mig__reader_start;

/* Thread body; takes over and frees `start` (a mig__reader_start from malloc). run->readers was counted up before. */
void *mig__reader_main(void *start);

#endif
