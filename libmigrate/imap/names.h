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
 * then `out` holds what mig__name_repair makes of it, and the wire form must be kept to ask for that mailbox.
 */
bool mig__name_decode(const char *wire, mig__buffer *out);

/*
 * What a name that is not valid mUTF-7 was meant to be, as UTF-8: octets above 0x7e are UTF-8 if all of it is, else
 * Latin-1; runs of base64 that can be read are, also several in a row and those that encode ASCII; every other "&" is
 * itself. `delimiter` ('\0': none) never comes out of a run, where it would make two levels of one.
 */
void mig__name_repair(const char *wire, char delimiter, mig__buffer *out);

/* Encode UTF-8 to mUTF-7, shortest form. Returns false (out cleared) when `utf8` is not well-formed or holds a NUL. */
bool mig__name_encode(const char *utf8, mig__buffer *out);

#endif
