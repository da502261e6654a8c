/*
 * copy/reconcile.h - batches whose outcome is not known: looked for on the target, by content
 *
 * A batch may have been stored although its answer never came (a cut, a kill). All UIDs that it can have are at least
 * the UIDNEXT recorded with its intent; those of them that are not recorded as ours are read back and matched by
 * digest. What is found is adopted as copied, what is not is sent again. Nobody else writes to the folder meanwhile.
 */
#ifndef MIG_COPY_RECONCILE_H
#define MIG_COPY_RECONCILE_H

#include "copy/job.h"

enum { /* milliseconds without a change in a mailbox, after which what is not there will not come any more */
       MIG__QUIET_LEAST_MS = 1200,
       MIG__QUIET_MOST_MS = 20000
};
/* Pure: the same for a server that took so long for a look into the mailbox, and for an answer to APPEND at most. */
int64_t mig__reconcile_quiet(int64_t look_ms, int64_t answer_ms);

/* The batches of this run that job->unknown holds. Called between taking the errand and mig__queue_reconciled. */
int mig__reconcile_unknown(mig__run *run, mig__session *session, mig__folder_job *job, mig_error *err);

/* One message whose outcome is not known: its UID on the target in *uid, 0 when it is not there. */
int mig__reconcile_one(mig__run *run, mig__session *session, const mig__folder_job *job, uint32_t uidnext,
                       const mig__message_digest *digest, uint32_t *uid, mig_error *err);

/* The batches that an earlier run left open, of all folders; before anything is planned. */
int mig__reconcile_stored(mig__run *run, mig__session **session, mig_error *err);

#endif
