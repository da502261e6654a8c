/*
 * copy/uids.h - whether the UIDs that a target tells for new messages can be believed
 *
 * APPENDUID and COPYUID (RFC 4315) say under which UID a message was stored. Later runs change flags and expunge by
 * it, so a server in error, or a proxy that mixes answers up, would have us change mail that is not ours. A UID is
 * believed when it is not below the UIDNEXT that the mailbox had before, and no other message was given it.
 */
#ifndef MIG_COPY_UIDS_H
#define MIG_COPY_UIDS_H

#include "copy/job.h"

/* Pure. `given`: UIDs of messages that are known already; `bound`: the UIDNEXT of before, 0: not known. UIDs of 0 were
 * not told and are passed over. */
bool mig__uids_credible(const uint32_t *uids, size_t count, uint32_t bound, const mig__uidset *given);

/*
 * Take the UIDs of messages that were stored in the job's mailbox on the target as known, or set all of them to 0: not
 * told, to be matched by content. Locks. -1: out of memory.
 */
int mig__uids_take(mig__run *run, mig__folder_job *job, uint32_t bound, uint32_t *uids, size_t count, mig_error *err);

/* A message of ours has that UID in the job's mailbox: its content was read. The caller holds the run's lock. */
int mig__uids_note(mig__folder_job *job, uint32_t uid, mig_error *err);

#endif
