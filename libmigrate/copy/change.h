/* copy/change.h - changes of messages that are on the target by what is recorded of them */
#ifndef MIG_COPY_CHANGE_H
#define MIG_COPY_CHANGE_H

#include "copy/job.h"

/* SELECT the job's mailbox on the target. 0; 1: refused, or another mailbox by now (`err`); -1: the session failed. */
int mig__change_open(mig__session *session, const mig__folder_job *job, mig_error *err);

/* UID STORE; words: "+FLAGS.SILENT (\\Seen)". */
mig__command *mig__change_send(mig__session *session, const mig__uidset *uids, const char *words, mig_error *err);

/* List that these messages are not what was copied, and what was not done to them therefore. */
void mig__change_tell_others(mig__run *run, mig__folder_job *job, const mig__uidset *others, const char *what);

#endif
