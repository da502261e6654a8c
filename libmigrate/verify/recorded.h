/* verify/recorded.h - which octets the record knows: of these no canonical form has to be made again */
#ifndef MIG_VERIFY_RECORDED_H
#define MIG_VERIFY_RECORDED_H

#include "base/table.h"
#include "verify/job.h"

/* Raw digests of the record, by content; the jobs' arrays of records must stay where they are meanwhile. */
typedef struct mig__recorded_set {
    mig__table digests; /* by their first octets; the payload points to one */
} mig__recorded_set;

#define MIG__RECORDED_SET_INIT                                                                                         \
    {                                                                                                                  \
        MIG__TABLE_INIT(sizeof(mig__message_digest *))                                                                 \
    }

/* Everything that the jobs have on record. 0, or -1 for lack of memory. */
int mig__recorded_set_fill(mig__recorded_set *set, const mig__verify_job *jobs, size_t count, mig_error *err);
/* A mig__canonical_known; the context is the set. May be called by several threads at once. */
bool mig__recorded_set_canonical(const uint8_t raw[MIG__DIGEST_SIZE], uint8_t canonical[MIG__DIGEST_SIZE],
                                 void *context);
void mig__recorded_set_free(mig__recorded_set *set);

#endif
