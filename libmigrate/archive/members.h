/*
 * archive/members.h - what an archive was found to hold: a name, a size and a digest each, in 24 octets
 *
 * Names are kept as 63 bits of their SHA-256, contents as 128 bits of the SHA-256 of all three: enough to compare with
 * a manifest that has them in full, without holding a million names.
 */
#ifndef MIG_ARCHIVE_MEMBERS_H
#define MIG_ARCHIVE_MEMBERS_H

#include "mail/digest.h"
#include <migrate/error.h>
#include <stdbool.h>

typedef struct mig__member {
    uint64_t key; /* 0: free; the lowest bit: claimed */
    uint8_t content[16];
} mig__member;

typedef struct mig__members {
    mig__member *slots; /* open addressing */
    size_t count, capacity, claimed;
} mig__members;

#define MIG__MEMBERS_INIT                                                                                              \
    {                                                                                                                  \
        NULL, 0, 0, 0                                                                                                  \
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
