/*
 * copy/held.h - what the target holds, against what the record says that it holds
 *
 * "Copied" is what the target was seen to hold. At the end of each pass the number of messages of every mailbox that
 * was written to is held against the record, and before that what earlier runs put there: where the numbers allow that
 * something is gone, the mailbox is asked which UIDs it has, and what is missing by its UID is looked for by content.
 */
#ifndef MIG_COPY_HELD_H
#define MIG_COPY_HELD_H

#include "copy/job.h"

/*
 * Pure. May messages that were there `then` be gone from a mailbox that is as `now` (UIDNEXT 0: not told), or does it
 * hold fewer than the `expected` ones of the record? A mailbox gives a UID to each message and never takes one back
 * (RFC 3501 section 2.3.1.1): as long as it grew by as many messages as UIDs, nothing is gone. `then` NULL: it was not
 * counted before.
 */
bool mig__held_doubt(const mig__holding *then, const mig__holding *now, uint64_t expected);

/*
 * All folders, at the end of a pass; *session is opened when it is needed and NULL. Messages without a target UID get
 * the one that they are found under. What this run sent and what is not there is forgotten and goes back to its
 * folder's `todo`, *again telling so, or with `last` it is listed as failed. What an earlier run put there and what is
 * gone since is recorded as gone. -1: the session or the state failed.
 */
int mig__held_check(mig__run *run, mig__session **session, bool last, bool *again, mig_error *err);

/*
 * The UIDs of the selected mailbox of the target, which says that it holds `exists` messages. 0; 1 refused (`err`), -1.
 */
int mig__held_uids(mig__session *session, uint32_t exists, mig__uidset *out, mig_error *err);

#endif
