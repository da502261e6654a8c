/* copy/move.h - a message that moved to another folder on the source is moved on the target as well, not sent again */
#ifndef MIG_COPY_MOVE_H
#define MIG_COPY_MOVE_H

#include "copy/known.h"

typedef enum mig__moved {
    MIG__MOVED,        /* it is in its new folder */
    MIG__MOVED_GONE,   /* it is not there to be moved, or this target cannot: send it */
    MIG__MOVED_REFUSED /* it stays where it was, and is listed: sent, it would be there twice */
} mig__moved;

/*
 * Move `entry` into the target's mailbox of `job`, under an intent of the journal: UID MOVE where announced, else UID
 * COPY, then the old one flagged \Deleted and, with UIDPLUS, expunged by its UID. -1: the session or the state failed.
 *
 * `opened` saves opening the same mailbox again for each of several messages: it holds the one that the session has
 * selected (its entry->target), NULL when none; for a call by itself it is NULL.
 */
int mig__move_on_target(mig__run *run, mig__session *session, mig__folder_job *job, const mig__transit *message,
                        const mig__known_entry *entry, const char **opened, mig__moved *outcome, mig_error *err);

#endif
