/*
 * state/keyindex.h - from a digest or EMAILID to the rows that may have it
 *
 * A table in memory, made when it is first asked for: an index in the file would cost each copied message a page write.
 * It holds 64 bits of the key, so that a hit has to be compared with the row.
 */
#ifndef MIG_STATE_KEYINDEX_H
#define MIG_STATE_KEYINDEX_H

#include "base/table.h"
#include <migrate/error.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mig__key_kind { MIG__KEY_DIGEST, MIG__KEY_EMAIL_ID } mig__key_kind;

typedef struct mig__keyindex {
    struct mig__keyindex *next; /* a list: one an account and kind */
    int64_t account;
    mig__key_kind kind;
    int64_t last_id; /* rows up to this one are in */
    mig__table rows; /* the payload is the row's number */
} mig__keyindex;

/* The index for that account and kind from the list, made empty when it is not there. NULL: no memory. */
mig__keyindex *mig__keyindex_get(mig__keyindex **list, int64_t account, mig__key_kind kind, mig_error *err);
int mig__keyindex_add(mig__keyindex *index, uint64_t key, int64_t id, mig_error *err);
/* The next row with that key; `*at` starts at 0. Returns 0 when there is none. */
int64_t mig__keyindex_next(const mig__keyindex *index, uint64_t key, size_t *at);
void mig__keyindex_free(mig__keyindex **list);

/* 64 bits of a key of any length. */
uint64_t mig__key(const void *data, size_t length);

#endif
