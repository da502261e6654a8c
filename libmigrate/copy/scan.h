/* copy/scan.h - what the source holds now, and what of it is to be copied */
#ifndef MIG_COPY_SCAN_H
#define MIG_COPY_SCAN_H

#include "copy/job.h"

/*
 * Compare LIST's STATUS numbers with the record of the last complete pass: a folder whose numbers are all the same is
 * marked unchanged and is not opened at all.
 */
int mig__scan_unchanged(mig__run *run, mig_error *err);

/*
 * EXAMINE and UID SEARCH each folder that copies and is not unchanged, everything pipelined, and plan: job->todo,
 * the counts of its result. A folder that cannot be looked at, or breaks each connection, is given up. -1: nothing goes
 * on. *session is replaced when it breaks.
 */
int mig__scan_source(mig__run *run, mig__session **session, mig_error *err);

/* "SINCE 1-Jan-2020 BEFORE 5-Feb-2021" or "ALL" (RFC 3501 section 6.4.4). MIG_E_USAGE for a date that is none. */
int mig__scan_criteria(const mig_copy_options *options, mig__buffer *out, mig_error *err);

#endif
