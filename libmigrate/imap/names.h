/*
 * imap/names.h - mailbox names on the wire: modified UTF-7 (RFC 3501 section 5.1.3) and UTF-8
 */
#ifndef MIG_IMAP_NAMES_H
#define MIG_IMAP_NAMES_H

#include "base/buffer.h"
#include <migrate/error.h>
#include <stdbool.h>

/*
 * Decode a name to UTF-8. Returns true when it is valid mUTF-7: canonical base64, no encoded printable ASCII, whole
 * surrogate pairs, no octet above 0x7e outside; then `out` holds the decoded name. Returns false for anything else:
 * then `out` holds something fit to show (octets that are not UTF-8 as '?'), and the wire form must be kept.
 */
bool mig__name_decode(const char *wire, mig__buffer *out);

/* Encode UTF-8 to mUTF-7, shortest form. Returns false (out cleared) when `utf8` is not well-formed or holds a NUL. */
bool mig__name_encode(const char *utf8, mig__buffer *out);

#endif
