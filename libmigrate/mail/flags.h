/*
 * mail/flags.h - the flags of a message (RFC 3501 section 2.3.2) as one text and as an array
 *
 * Flags are compared without regard to case (RFC 9051 section 2.3.2), everywhere: servers give a keyword back as they
 * saw it first, or as they like it.
 */
#ifndef MIG_MAIL_FLAGS_H
#define MIG_MAIL_FLAGS_H

#include <stdbool.h>

/* Flags as a NULL-terminated array over one allocation (free() it). Skips \Recent; NULL: out of memory. */
const char **mig__flags_split(const char *joined);

/* The array sorted by octets and joined by blanks, without \Recent and duplicates. malloc'd; NULL: out of memory. */
char *mig__flags_join(const char *const *flags);

/* Of two joined texts the flags that both have, sorted and joined. malloc'd; NULL: out of memory. */
char *mig__flags_common(const char *one, const char *other);

/* The flags of one that the other has not. The same rules. */
char *mig__flags_minus(const char *one, const char *other);

typedef enum mig__flags_relation {
    MIG__FLAGS_SAME,
    MIG__FLAGS_KEYWORDS_ADDED, /* the other has all of them, and keywords besides: servers give some by themselves */
    MIG__FLAGS_DIFFER
} mig__flags_relation;

/* How two joined texts relate. */
mig__flags_relation mig__flags_compare(const char *one, const char *other);

/* Whether they have the same flags. */
bool mig__flags_same(const char *one, const char *other);

/* Whether a joined text has the flag. */
bool mig__flags_contain(const char *joined, const char *flag);

/* Whether an array (NULL: empty) has the flag. */
bool mig__flags_has(const char *const *flags, const char *flag);

/* A joined text with one flag more, unless it has it. The same rules. */
char *mig__flags_with(const char *joined, const char *flag);

/* A joined text without one flag, in any case of letters. malloc'd; NULL: out of memory. */
char *mig__flags_without(const char *joined, const char *flag);

#endif
