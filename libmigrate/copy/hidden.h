/* copy/hidden.h - mailboxes of the target that are there and are not listed (RFC 4314: a right to look up is missing)
 */
#ifndef MIG_COPY_HIDDEN_H
#define MIG_COPY_HIDDEN_H

#include "copy/job.h"

/*
 * After listing the target: ask by name for each mailbox of the record that the list has not. One that is there joins
 * run->sides[MIG_TARGET].mailboxes, so that it is not taken for lost and read anew in each run; the result names it.
 * -1: the session or the state failed.
 */
int mig__hidden_find(mig__run *run, mig__session **target, mig_error *err);

/* Say that a mailbox is there without being listed. Locks. */
void mig__hidden_tell(mig__run *run, const char *source, const char *target);

#endif
