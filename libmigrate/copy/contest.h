/*
 * copy/contest.h - somebody else puts messages into the same mailbox at the same time
 *
 * On one machine a lock keeps a second run of the same accounts away; from another machine only the target itself can
 * be seen. A mailbox gives its UIDs in order, so UIDs that are neither ours nor on their way to us are another's. From
 * then on each batch is held against the content that came in, and what the other one brought is adopted instead of
 * sent. What both sent at the same moment is settled at the end: of equal messages that came in during this run as many
 * as the source has stay, those with the lowest UIDs, and of the others each run takes away its own. So two runs come
 * to the same result whoever ends first, and nobody touches what the other one put there.
 */
#ifndef MIG_COPY_CONTEST_H
#define MIG_COPY_CONTEST_H

#include "copy/job.h"

/*
 * Pure. How many UIDs from `bound` on up to `highest` are another's: not among our `ours`, nor among the `looked` ones
 * that are known to be another's, nor of the `under_way` messages that were sent and not answered.
 */
uint64_t mig__contest_gap(uint32_t bound, uint32_t highest, uint64_t ours, uint64_t looked, uint64_t under_way);

/* A writer sends so many messages to the job's mailbox, or (negative) has their outcome. Locks. */
void mig__contest_under_way(mig__run *run, mig__folder_job *job, int64_t messages);

/* After UIDs were told, up to `highest`: is there another? [lock] */
void mig__contest_note(mig__run *run, mig__folder_job *lead, uint32_t highest);

/* Before a batch goes on: what another put into the job's mailbox becomes known content. -1: the session failed. */
int mig__contest_look(mig__run *run, mig__session *session, mig__folder_job *job, mig_error *err);

/*
 * At the end of a pass, after the mailbox was held against the record: `uidnext` is what it is now. Doubles that came
 * about are settled as above. 0; 1: what another put there could not be looked at (`err`); -1: nothing goes on.
 */
int mig__contest_settle(mig__run *run, mig__session **session, mig__folder_job *lead, uint32_t uidnext, mig_error *err);

#endif
