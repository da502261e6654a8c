/* base/header.h - single header fields of a message, to name it in reports; never used to identify it */
#ifndef MIG_BASE_HEADER_H
#define MIG_BASE_HEADER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The first field called `name` (any case) in the header that `octets` begins with (RFC 5322 section 2.2; the header
 * may be cut off), unfolded, without outer blanks, inert (base/buffer.h), cut to `size`. Line ends may be CRLF or LF.
 * False, with `out` empty, when there is none.
 */
bool mig__header_value(const char *octets, size_t length, const char *name, char *out, size_t size);

#endif
