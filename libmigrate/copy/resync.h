/*
 * copy/resync.h - a folder scanned by what the server says has changed since the last complete pass (RFC 7162, QRESYNC)
 *
 * One EXAMINE brings the UIDs that vanished and the flags that changed; a search for UIDs from the recorded UIDNEXT on
 * brings what is new. Together with what is recorded they make the folder as it is. That is believed only when it comes
 * to as many messages as EXISTS says, else the whole folder is searched as without QRESYNC.
 */
#ifndef MIG_COPY_RESYNC_H
#define MIG_COPY_RESYNC_H

#include "copy/job.h"

typedef struct mig__resync {
    mig__folder_job *job;
    const mig__uidset *known; /* recorded, and there at the last pass */
    bool flags;               /* wanted */
    mig__uidset gone, fresh;
    bool searched; /* the search was answered */
    bool early;    /* something was told before the mailbox was open: it may be about another one */
    bool moving;   /* something vanished meanwhile */
} mig__resync;

/* Whether the record is good for it: a complete pass, and a server that announces QRESYNC. */
bool mig__resync_fits(const mig__run *run, const mig__session *session, const mig__folder_job *job);

/* Begin both commands; `resync` must live until they were waited for. 0, or -1: the session failed. */
int mig__resync_ask(mig__session *session, mig__resync *resync, mig__command **examine, mig__command **search,
                    mig_error *err);

/* When both were answered with OK: all UIDs of the folder in `found`. 1: done, 0: not to be believed, -1: error. */
int mig__resync_found(const mig__resync *resync, mig__uidset *found, mig_error *err);

void mig__resync_free(mig__resync *resync);

#endif
