/* copy/decide_name.h - which name to try when CREATE was refused: pure */
#ifndef MIG_COPY_DECIDE_NAME_H
#define MIG_COPY_DECIDE_NAME_H

#include "base/buffer.h"

/*
 * Append another name for `name` (UTF-8) that may be taken where CREATE was refused with `why`: without the characters
 * that servers refuse, then without any that one may, or with its last two levels joined. The code and the words of the
 * refusal tell which; a server that says only [CANNOT] is tried with the first, then with the second. `prefix` and
 * `separator` are the target's. False: the refusal is not about the name, or nothing in the name can be the reason.
 */
bool mig__decide_name(const char *name, const char *prefix, char separator, const mig_error *why, mig__buffer *out);

#endif
