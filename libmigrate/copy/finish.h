/* copy/finish.h - the end of a run: which folders are complete, what is left, the record of the run */
#ifndef MIG_COPY_FINISH_H
#define MIG_COPY_FINISH_H

#include "copy/job.h"

/* Count what broke, record the folders that are complete, and after a stop what is left. Single-threaded. */
void mig__finish_folders(mig__run *run);

/* The run and the octets it sent, into the state. 0 or -1. */
int mig__finish_record(mig__run *run, mig_error *err);

/* Before the first message is read: what the folder's record lets a verification expect if the run is killed. */
void mig__finish_expect(mig__folder_job *job);

#endif
