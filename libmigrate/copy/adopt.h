/*
 * copy/adopt.h - mail that was on the target before us: an earlier tool's copy, or ours with the state file lost
 *
 * As cheap as it can be: sizes and dates of both sides first, digests of headers next, and bodies only where that
 * leaves a doubt. What matches is recorded as adopted and not sent.
 */
#ifndef MIG_COPY_ADOPT_H
#define MIG_COPY_ADOPT_H

#include "copy/job.h"

/*
 * For each job whose target holds more than is recorded as ours, and which has something to copy: adopt what is beyond
 * doubt (job->todo shrinks), and put the digests of the other candidates into job->content, where the writers meet
 * them. A folder of which a server does not tell is given up. -1: nothing goes on.
 */
int mig__adopt(mig__run *run, mig__session **source, mig__session **target, mig_error *err);

#endif
