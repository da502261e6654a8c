/*
 * base/unicode.h - text in one form: normalisation and case folding, by libunistring
 *
 * Mail programs on macOS write "u" and a combining diaeresis where others write one character, and servers may store
 * either (RFC 5198 asks for the composed form, NFC): people see one name, octets say two.
 */
#ifndef MIG_BASE_UNICODE_H
#define MIG_BASE_UNICODE_H

#include "base/buffer.h"
#include <stdbool.h>
#include <stddef.h>

/* Append the NFC form of UTF-8 text; what is not UTF-8 is appended as it is. `out` fails when memory is short. */
void mig__nfc(const char *text, size_t length, mig__buffer *out);

/*
 * Append the text with its case folded (Unicode's full folding; the Turkish dotted capital I as "i"), in NFC: what two
 * names that differ in case alone have in common. Of what is not UTF-8 the ASCII letters are folded.
 */
void mig__fold(const char *text, size_t length, mig__buffer *out);

/* True when both are the same under NFC. False also when memory is short. */
bool mig__nfc_equal(const char *a, const char *b);

#endif
