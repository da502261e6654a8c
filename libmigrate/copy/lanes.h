/*
 * copy/lanes.h - the folders of a run as lanes of its queue, and what the run keeps count of as messages pass
 *
 * All functions lock; not to be called with the run's lock, except mig__lane_of.
 */
#ifndef MIG_COPY_LANES_H
#define MIG_COPY_LANES_H

#include "copy/job.h"
#include "copy/queue.h"

/* A queue with a lane for each of run->jobs. 0, -1. */
int mig__lanes_begin(mig__run *run, mig_error *err);
/* With all that is left in it. */
void mig__lanes_end(mig__run *run);
/* Messages will come: of all folders that are copied and not given up. */
void mig__lanes_open(mig__run *run);
/* Which lane a folder has. Pure. */
size_t mig__lane_of(const mig__run *run, const mig__folder_job *job);

/* A message was read (owned by the queue from now on). */
void mig__lanes_put(mig__run *run, mig__folder_job *job, mig__transit *message);
/* mig__queue_batch_done and mig__queue_messages_done, and that so many messages are done. */
void mig__lanes_batch_done(mig__run *run, mig__batch *batch);
void mig__lanes_messages_done(mig__run *run, mig__batch *batch, const bool *done);
/*
 * Nothing more is written to this folder: its queued messages are dropped and its UIDs not fetched. An error that is
 * the whole run's ends that instead: the folder is not at fault.
 */
void mig__lanes_break(mig__run *run, mig__folder_job *job, const mig_error *error);

#endif
