/* copy/whereabouts.h - where on the target a message is, by its content, in whatever mailbox */
#ifndef MIG_COPY_WHEREABOUTS_H
#define MIG_COPY_WHEREABOUTS_H

#include "copy/job.h"

typedef struct mig__wanted {
    mig__message_digest digest;
    mig__datetime date;          /* as recorded */
    const char *home;            /* mailbox where it should be; looked at first */
    size_t index;                /* the caller's */
    const mig__mailbox *mailbox; /* out: where it is */
    uint32_t uid;                /* out: its UID there; 0: nowhere */
} mig__wanted;

/*
 * Look through all mailboxes of run->sides[MIG_TARGET].mailboxes, but not at messages that are recorded as others.
 * Sizes and dates are asked for everything; the content is read where one of them fits. Each message that is found
 * stands for one wanted one. A mailbox that cannot be read is passed over, and the result names it. -1: the session or
 * the state failed.
 */
int mig__whereabouts(mig__run *run, mig__session *session, mig__wanted *wanted, size_t count, mig_error *err);

#endif
