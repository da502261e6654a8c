/*
 * copy/owed.h - flags that a mailbox of the target did not take: remembered, and tried again by each run
 *
 * A target says which flags a mailbox keeps (PERMANENTFLAGS), and that may change: a right that was missing is granted,
 * a limit of keywords raised. So what was left off is owed; the record names it with the message.
 */
#ifndef MIG_COPY_OWED_H
#define MIG_COPY_OWED_H

#include "copy/job.h"

/*
 * Before flags are carried over: note what is owed, of folders with nothing new as well, whose mailboxes on the target
 * are opened for that. *session is replaced when it breaks. -1: nothing goes on, or the state failed.
 */
int mig__owed_gather(mig__run *run, mig__session **session, mig_error *err);

/* At the end of a run: list which flags are missing on how many messages, one line a folder and flag. -1: the state
 * failed. */
int mig__owed_list(mig__run *run, mig_error *err);

#endif
