/* folders/fold.h - comparing names without regard to case */
#ifndef MIG_FOLDERS_FOLD_H
#define MIG_FOLDERS_FOLD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Fold the case of UTF-8 text, one character to one (Unicode's simple folding) for the Latin, Greek, Cyrillic and
 * Armenian letters; other characters, and octets that are not UTF-8, stay. Writes at most `length` octets to `out`,
 * which may be `text`, without a NUL. Returns how many.
 */
size_t mig__fold(const char *text, size_t length, char *out);

/*
 * The name that equals `folded`, among `names`: a literal of `size` octets (sizeof) with a NUL behind each, folded as
 * well. NULL: none.
 */
const char *mig__name_find(const char *names, size_t size, const char *folded);

/* True when `text` is "INBOX" in any spelling (RFC 3501 section 5.1). */
bool mig__is_inbox(const char *text, size_t length);

#endif
