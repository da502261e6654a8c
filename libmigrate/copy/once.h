/*
 * copy/once.h - what counts for the limit of a day at a target that stores each message once
 *
 * Gmail keeps one copy of a message, whatever folders (labels) it is sent to, so sending it again adds nothing.
 */
#ifndef MIG_COPY_ONCE_H
#define MIG_COPY_ONCE_H

#include "copy/job.h"

/*
 * The octets of the batch that count: of all messages, but where the target stores each content once only of those
 * that neither this run nor an earlier one has sent. 0, or -1: the state failed or MIG_E_NOMEM. Locks.
 */
int mig__once_octets(mig__run *run, const mig__batch *batch, uint64_t *octets, mig_error *err);

/* Of the octets of a batch to be, as many as the day has room for. Locks. */
uint64_t mig__once_room(mig__run *run, uint64_t octets);

/* Count a batch towards the day. False: the run stops instead, as when others took what it would have needed. Locks. */
bool mig__once_count(mig__run *run, uint64_t counted);

#endif
