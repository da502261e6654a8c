/* mail/uidset.h - sets of UIDs as sorted ranges (RFC 3501 section 9 "sequence-set", without "*") */
#ifndef MIG_MAIL_UIDSET_H
#define MIG_MAIL_UIDSET_H

#include "base/buffer.h"
#include <migrate/error.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct mig__uid_range {
    uint32_t first, last; /* 1 <= first <= last */
} mig__uid_range;

typedef struct mig__uidset {
    mig__uid_range *ranges; /* ascending, not touching */
    size_t count;
    size_t capacity;
} mig__uidset;

#define MIG__UIDSET_INIT                                                                                               \
    {                                                                                                                  \
        NULL, 0, 0                                                                                                     \
    }

int mig__uidset_add(mig__uidset *set, uint32_t first, uint32_t last,
                    mig_error *err); /* any order; cheap when ascending */
bool mig__uidset_has(const mig__uidset *set, uint32_t uid);
uint64_t mig__uidset_size(const mig__uidset *set);
uint32_t mig__uidset_max(const mig__uidset *set);                       /* 0 when empty */
int mig__uidset_remove(mig__uidset *set, uint32_t uid, mig_error *err); /* no matter whether it is in there */
int mig__uidset_subtract(mig__uidset *set, const mig__uidset *other, mig_error *err);
int mig__uidset_add_all(mig__uidset *set, const mig__uidset *other, mig_error *err);
/* Moves up to `most` UIDs from the front of `set` to `out` (which is cleared first). Returns how many. */
int64_t mig__uidset_take(mig__uidset *set, uint64_t most, mig__uidset *out, mig_error *err);
int mig__uidset_copy(mig__uidset *to, const mig__uidset *from, mig_error *err);
/*
 * How many ranges from number `at` on are written in `octets` octets at most; 1 at least, when there is one. They are a
 * set without a copy: {set->ranges + at, count, 0}.
 */
size_t mig__uidset_fit(const mig__uidset *set, size_t at, size_t octets);
/* "1:5,7". An unbounded text with many ranges: callers bound the set first. */
void mig__uidset_format(const mig__uidset *set, mig__buffer *out);
/* Replace `set` by what "1:5,7,9:8" says; order of the text does not matter. 0, or -1 with MIG_E_PROTOCOL (0, "*",
 * above 2^32-1, other), then the set is empty. */
int mig__uidset_parse(mig__uidset *set, const char *text, size_t length, mig_error *err);
void mig__uidset_clear(mig__uidset *set);
void mig__uidset_free(mig__uidset *set);

#endif
