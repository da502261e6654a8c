/* mail/flags.h - the flags of a message (RFC 3501 section 2.3.2) as one text and as an array */
#ifndef MIG_MAIL_FLAGS_H
#define MIG_MAIL_FLAGS_H

/* Flags as a NULL-terminated array over one allocation (free() it). Skips \Recent; NULL: out of memory. */
const char **mig__flags_split(const char *joined);

/* The array sorted and joined by blanks, without \Recent and duplicates. malloc'd; NULL: out of memory. */
char *mig__flags_join(const char *const *flags);

/* Of two joined texts the flags that both have, sorted and joined. malloc'd; NULL: out of memory. */
char *mig__flags_common(const char *one, const char *other);

/* A joined text without one flag, in any case of letters. malloc'd; NULL: out of memory. */
char *mig__flags_without(const char *joined, const char *flag);

#endif
