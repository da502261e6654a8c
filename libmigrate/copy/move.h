/* copy/move.h - a message that moved to another folder on the source is moved on the target as well, not sent again */
#ifndef MIG_COPY_MOVE_H
#define MIG_COPY_MOVE_H

#include "copy/known.h"

/*
 * Move `entry` into the target's mailbox of `job`, under an intent of the journal: UID MOVE where announced, else UID
 * COPY, then the old one flagged \Deleted and, with UIDPLUS, expunged by its UID. `*done` tells whether it is there;
 * false: the target refused or has it no longer, send it instead. -1: the session or the state failed.
 *
 * `opened` saves opening the same mailbox again for each of several messages: it holds the one that the session has
 * selected (its entry->target), NULL when none; for a call by itself it is NULL.
 */
int mig__move_on_target(mig__run *run, mig__session *session, mig__folder_job *job, const mig__transit *message,
                        const mig__known_entry *entry, const char **opened, bool *done, mig_error *err);

#endif
