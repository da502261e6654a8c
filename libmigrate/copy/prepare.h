/* copy/prepare.h - the target's folders, made ready for writing */
#ifndef MIG_COPY_PREPARE_H
#define MIG_COPY_PREPARE_H

#include "copy/job.h"

/*
 * For each job that copies and is not unchanged: create the mailbox with its role when it is missing, subscribe it when
 * the source's is, select it to learn UIDVALIDITY, UIDNEXT and the flags it takes. Everything is pipelined. A folder
 * that cannot be made or opened is broken with its reason, the others go on. -1: nothing goes on. *session is replaced
 * when it breaks.
 */
int mig__prepare_target(mig__run *run, mig__session **session, mig_error *err);

/*
 * Leave the mailbox that is open for writing: APPEND needs none, and a server that has one open may trip over messages
 * that come in by another way (an mbox that it writes back as it had read it). -1: the session failed.
 */
int mig__prepare_leave(mig__session *session, mig_error *err);

#endif
