/*
 * copy/delta.h - what happened on the source to messages that were copied before: flags that changed, messages that
 * are gone
 *
 * Flags merge three ways, flag by flag: the state holds what was carried over last, the source what is there now; what
 * was added since is added on the target, what was removed is removed, and everything else on the target stays.
 */
#ifndef MIG_COPY_DELTA_H
#define MIG_COPY_DELTA_H

#include "copy/job.h"

/* What one FLAGS answer means for a message: flags to add and to remove. Pure. Both outputs are malloc'd, NULL-ended.
 */
int mig__delta_flags(const char *before, const char *now, const char ***added, const char ***removed, mig_error *err);

/*
 * Begin the FETCH that tells changed flags of `known` UIDs: CHANGEDSINCE where the record has a modification sequence,
 * else all of them. The mailbox must be selected by then. NULL with err->code MIG_OK: nothing to ask.
 */
mig__command *mig__delta_ask(mig__run *run, mig__session *session, mig__folder_job *job, const mig__uidset *known,
                             mig_error *err);

/*
 * That FETCH was answered in part (MESSAGELIMIT, RFC 9738), down to `limit_uid` (0: not told): ask for the others.
 * Opens the mailbox itself. -1: the session failed; `why`: the server refused.
 */
int mig__delta_ask_rest(mig__run *run, mig__session *session, mig__folder_job *job, const mig__uidset *known,
                        uint32_t limit_uid, mig_error *why, mig_error *err);

/* Note that the source has these flags on a recorded message. */
int mig__delta_note_flags(mig__folder_job *job, uint32_t uid, const char *flags, mig_error *err);
/*
 * The same for a message that is on the target with the flags of `record` and is to get those of the source at the end
 * of the run. A run that ends before leaves that to the next one, which has to ask for all flags of the folder then:
 * call this before the message is recorded. Locks.
 */
int mig__delta_owe_flags(mig__run *run, mig__folder_job *job, const mig__transit *message, mig_error *err);
/* Take all of that back. */
void mig__delta_forget_flags(mig__folder_job *job);

/* After the scan: from the UIDs found and those recorded, which are gone. Needs an unfiltered search. */
int mig__delta_vanished(mig__run *run, mig__folder_job *job, const mig__uidset *found, mig_error *err);

/* Carry the flags noted so far over to the target, all folders, in few commands. -1: the session or the state failed.
 */
int mig__delta_apply_flags(mig__run *run, mig__session **session, mig_error *err);
/* Is there anything for it to do? */
bool mig__delta_has_flags(const mig__run *run);

/*
 * At the end of a run: messages that are gone from the source (and were not moved) are marked as such, and under
 * --deletions flagged or expunged on the target: only messages that this tool put there, never by a bare EXPUNGE. A
 * folder that lost most of its messages at once is left alone unless options->force. -1: the session or state failed.
 */
int mig__delta_apply_vanished(mig__run *run, mig__session **session, mig_error *err);
/* Is there anything for it to do that needs a session to the target? */
bool mig__delta_deletes(const mig__run *run);

void mig__delta_free(mig__folder_job *job);

#endif
