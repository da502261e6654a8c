/* copy/lists.h - both sides' folders, the map between them, and the checks before anything is written */
#ifndef MIG_COPY_LISTS_H
#define MIG_COPY_LISTS_H

#include "copy/job.h"

/* From run->sides[MIG_SOURCE].mailboxes and run->sides[MIG_TARGET].mailboxes make run->jobs and the account's folder
 * results. 0 or -1. */
int mig__lists_map(mig__run *run, mig_error *err);

/*
 * Refuse what can only be a mistake, unless options->force: source and target are the same account (MIG_E_SAME), or
 * they look swapped: nothing on the source, mail on the target, and nothing ever copied (MIG_E_SWAPPED).
 */
int mig__lists_check(mig__run *run, mig__session *source, mig__session *target, mig_error *err);

/* The same by host and login alone, before connecting. */
int mig__lists_check_endpoints(const mig_copy_options *options, mig_error *err);

#endif
