/* copy/quiet.h - whether the source was quiet while it was copied: then the copy is complete as of its end */
#ifndef MIG_COPY_QUIET_H
#define MIG_COPY_QUIET_H

#include "copy/job.h"

/* Pure. Is the mailbox as it was: nothing arrived, changed or vanished, as far as STATUS shows it? */
bool mig__quiet_same(const mig__mailbox *then, const mig__mailbox *now);

/*
 * At the end of a pass: list the source once more and hold it against what the pass saw; fills the account's `quiet`,
 * `as_of` and `stirred`. What cannot be asked leaves it unknown. Opens a session when *session is NULL.
 */
void mig__quiet_check(mig__run *run, mig__session **session);

#endif
