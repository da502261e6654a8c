/*
 * archive/members.h - what an archive was found to hold: a name, a size and a digest each, in 24 octets
 *
 * Names are kept as 64 bits of their SHA-256, contents as 127 bits of the SHA-256 of all three: enough to compare with
 * a manifest that has them in full, without holding a million names.
 */
#ifndef MIG_ARCHIVE_MEMBERS_H
#define MIG_ARCHIVE_MEMBERS_H

#include "base/table.h"
#include "mail/digest.h"
#include <migrate/error.h>
#include <stdbool.h>

typedef struct mig__members {
    mig__table table; /* by the name; the payload: 16 octets of content, the lowest bit of which says "claimed" */
    size_t count, claimed;
} mig__members;

#define MIG__MEMBERS_INIT                                                                                              \
    {                                                                                                                  \
        MIG__TABLE_INIT(16), 0, 0                                                                                      \
    }

/* 1: added; 0: there is one of that name already; -1 with MIG_E_NOMEM. */
int mig__members_add(mig__members *members, const char *path, uint64_t size, const uint8_t digest[MIG__DIGEST_SIZE],
                     mig_error *err);

typedef enum mig__claim { MIG__CLAIM_FITS, MIG__CLAIM_CHANGED, MIG__CLAIM_ABSENT, MIG__CLAIM_TWICE } mig__claim;

/* What somebody says is there. It is claimed from now on. 0, or -1 with MIG_E_NOMEM. */
int mig__members_claim(mig__members *members, const char *path, uint64_t size, const uint8_t digest[MIG__DIGEST_SIZE],
                       mig__claim *out, mig_error *err);

/* Is one of that name there that nobody claimed? 0, or -1 with MIG_E_NOMEM. */
int mig__members_unclaimed(const mig__members *members, const char *path, bool *out, mig_error *err);

void mig__members_free(mig__members *members);

#endif
