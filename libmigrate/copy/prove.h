/*
 * copy/prove.h - digests of what was adopted without being read
 *
 * A message that was on the target before is recognised by size, date and header. Nothing is known then of its body,
 * and a verification has nothing to hold the target's octets against. So the source's are read once, and their digests
 * recorded, as of a message that is copied.
 */
#ifndef MIG_COPY_PROVE_H
#define MIG_COPY_PROVE_H

#include "copy/job.h"

/*
 * Read the adopted messages that have no digest yet, of all folders that this run looked at (with adopt_read of the
 * others too). After the threads. What cannot be read is told, and its folder is not complete. 0, or -1 when the state
 * failed.
 */
int mig__prove_adopted(mig__run *run, mig_error *err);

#endif
