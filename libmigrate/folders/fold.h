/* folders/fold.h - names without regard to case */
#ifndef MIG_FOLDERS_FOLD_H
#define MIG_FOLDERS_FOLD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The name that equals `folded`, among `names`: a literal of `size` octets (sizeof) with a NUL behind each; both as
 * mig__fold (base/unicode.h) writes them. NULL: none.
 */
const char *mig__name_find(const char *names, size_t size, const char *folded);

/* True when `text` is "INBOX" in any spelling (RFC 3501 section 5.1). */
bool mig__is_inbox(const char *text, size_t length);

#endif
