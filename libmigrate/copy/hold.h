/* copy/hold.h - what the target puts off each time, beside others that pass (the rule is reading/hold.h) */
#ifndef MIG_COPY_HOLD_H
#define MIG_COPY_HOLD_H

#include "copy/job.h"
#include "reading/hold.h"

/*
 * What to do with messages that were first sent when `then` had passed, and are put off for the `put_off`th time with
 * `why`. Locks.
 */
mig__hold mig__hold_decide(mig__run *run, unsigned put_off, uint64_t messages, uint64_t then, const mig_error *why);

/* The target took a message. [lock] */
void mig__hold_passed(mig__run *run, mig__folder_job *job);
/* How many it did so far. Locks. */
uint64_t mig__hold_count(mig__run *run);
/* A message was listed since it is put off each time. True: so many in a row that it is the folder. Locks. */
bool mig__hold_listed(mig__run *run, mig__folder_job *job);

enum { MIG__HOLD_CLOSED = 2 }; /* folders at whose messages the connection ends, before it is the account */

/*
 * A folder was given up because the target ends the connection at each of its messages. True: it is not the folder, for
 * another one fared the same and no message of any was taken. Locks.
 */
bool mig__hold_closed(mig__run *run, const mig_error *why);

/* When folders were given up so and not one message was taken, that ends the account. Locks. */
void mig__hold_end(mig__run *run);

#endif
