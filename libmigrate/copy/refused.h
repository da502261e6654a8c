/*
 * copy/refused.h - another name for a mailbox whose own name the target refuses
 *
 * What a server takes is known when it is asked, not before. The new name is kept in the record of the folder, so that
 * later runs and verifications find it.
 */
#ifndef MIG_COPY_REFUSED_H
#define MIG_COPY_REFUSED_H

#include "copy/job.h"

/*
 * A wire name to try instead, which no other folder of the run goes to; malloc'd. NULL: the refusal is not about the
 * name, or nothing in the name can be the reason.
 */
char *mig__refused_name(const mig__run *run, const mig__folder_job *job, const mig_error *why);

/* Every job that goes where this one goes, goes to `name` from now on, which is taken over. Errors: MIG_E_NOMEM. */
int mig__refused_rename(mig__run *run, const mig__folder_job *job, char *name, mig_error *err);

#endif
