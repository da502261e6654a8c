/*
 * verify/compare.h - what was recorded against what was found, as pure functions over arrays
 *
 * A folder at a time. The matching never trusts less than it can: a UID of the same UIDVALIDITY with the same content
 * first, then equal digests wherever they are in the folder, then equal canonical forms, and only what is left over is
 * matched by UID alone (altered), or by size and date (altered, or present where no content was read). So a UID map
 * with two UIDs confused is no damage, and a message is missing only when its content is nowhere in the folder.
 */
#ifndef MIG_VERIFY_COMPARE_H
#define MIG_VERIFY_COMPARE_H

#include "mail/digest.h"
#include <migrate/verify.h>

#define MIG__NO_INDEX UINT32_MAX

/* What the record lets one expect of a message. */
typedef enum mig__expected {
    MIG__EXPECT_THERE,   /* copied or adopted */
    MIG__EXPECT_PERHAPS, /* in flight when the copy was interrupted: no fault of the target when it is not there */
    MIG__EXPECT_GONE,    /* removed on the target by the copy itself: fine either way */
    MIG__EXPECT_FAILED,  /* the copy could not carry it over */
    MIG__EXPECT_WITHHELD /* the copy did not carry it over by decision */
} mig__expected;

typedef struct mig__recorded {
    uint32_t source_uid, target_uid; /* 0: unknown */
    mig__expected expected;
    bool has_digest;
    bool has_date;
    int64_t date;      /* INTERNALDATE, seconds since 1970-01-01 UTC */
    const char *flags; /* sorted, joined by blanks, without \Recent; NULL: unknown. Borrowed, equal ones may share */
    mig__message_digest digest; /* digest.octets counts also without has_digest, unless it is 0: unknown */
} mig__recorded;

typedef struct mig__found {
    uint32_t uid;
    bool has_digest; /* its octets were read */
    bool unreadable; /* they should have been, but the server did not give them */
    bool has_date;
    int64_t date;
    const char *flags;
    mig__message_digest digest; /* digest.octets: RFC822.SIZE without has_digest */
} mig__found;

typedef struct mig__comparison_input {
    const mig__recorded *recorded;
    size_t recorded_count; /* below 2^32 - 1 */
    const mig__found *found;
    size_t found_count;      /* below 2^32 - 1 */
    bool same_uidvalidity;   /* target UIDs of the record mean something */
    uint32_t target_uidnext; /* UIDs from here on came after the copy; 0: unknown */
    int64_t copied;          /* when the last copy ended, seconds since 1970-01-01 UTC; 0: unknown */
} mig__comparison_input;

/* One message: recorded, found, or both. */
typedef struct mig__outcome {
    uint32_t recorded; /* index, MIG__NO_INDEX: none */
    uint32_t found;    /* index, MIG__NO_INDEX: none */
    uint32_t twin;     /* DUPLICATED: index of the found message that it repeats */
    uint8_t kind;      /* mig_found */
    bool after_copy;
    bool flags_differ, flags_added, dates_differ;
} mig__outcome;

typedef struct mig__comparison {
    mig__outcome *outcomes; /* the recorded ones in their order, then the others found, in theirs */
    size_t count;
    uint64_t counts[MIG_FOUND_COUNT];
    uint64_t messages; /* outcomes with a record: all recorded ones but for those GONE that are gone */
} mig__comparison;

/* Compare a folder. Release with mig__comparison_free. 0, or -1 with MIG_E_NOMEM. */
int mig__compare(const mig__comparison_input *input, mig__comparison *out, mig_error *err);
void mig__comparison_free(mig__comparison *comparison);

/* A message that one folder misses or another one has too much. */
typedef struct mig__stray {
    uint32_t folder; /* the caller's numbers */
    uint32_t index;
    mig__message_digest digest;
} mig__stray;

/*
 * Find missing messages among the extra ones of other folders, by digest, then by canonical form; each is used once.
 * at[i] becomes the index in `extra` of what missing[i] is, or MIG__NO_INDEX. 0, or -1 with MIG_E_NOMEM.
 */
int mig__compare_strays(const mig__stray *missing, size_t missing_count, const mig__stray *extra, size_t extra_count,
                        uint32_t *at, mig_error *err);

/* A seed of a folder's own, so that equal UIDs of different folders are not chosen together. */
uint64_t mig__sample_seed(uint64_t seed, const char *folder);

/* Whether a sample of `percent` holds the message: the same for the same seed and UID, evenly spread. */
bool mig__sample_has(uint64_t folder_seed, uint32_t uid, double percent);

#endif
