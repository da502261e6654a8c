/*
 * copy/mend.h - putting right what a verification found: what is missing on the target, or altered there, is sent again
 *
 * The record says which messages the list means. Before anything is sent each is looked for by content, in its mailbox
 * and in all the others of the target: what somebody moved is left where it is. A message that is sent again takes its
 * row over as any other does that the target lost, so that a kill at any step leaves what a copy leaves.
 */
#ifndef MIG_COPY_MEND_H
#define MIG_COPY_MEND_H

#include "copy/job.h"

/* Find the rows that the list means. -1: MIG_E_USAGE for one that is not on record (nothing was changed), or the state
 * failed. */
int mig__mend_resolve(mig__run *run, mig_error *err);

/* After the scan: what is not on the target, and to be had on the source, joins its job's `todo`. -1: as the scan. */
int mig__mend_plan(mig__run *run, mig__session *target, mig_error *err);

/* At the end: count what was put right, and with options->mend->replace remove altered messages. */
int mig__mend_finish(mig__run *run, mig__session **target, mig_error *err);

/* With --dry-run: list what would be sent. -1: the session or the state failed. */
int mig__mend_tell(mig__run *run, mig__session *target, mig_error *err);

void mig__mend_free(mig__run *run);

#endif
