/*
 * base/sized.h - options structures of callers that were compiled against an earlier or a later header
 *
 * Each has its size as the first member (`size_t size`, set by its INIT), and grows at its end only. So what a caller
 * gave can be put into a structure of ours: what it did not know is zero, and what we do not know must be.
 */
#ifndef MIG_BASE_SIZED_H
#define MIG_BASE_SIZED_H

#include <migrate/error.h>
#include <stddef.h>

/*
 * Copy `given` into `own`, which has `room` octets. `name` is that of the structure. 0, or -1 with MIG_E_USAGE: no
 * size, or something is set that this library does not know.
 */
int mig__sized_take(void *own, size_t room, const void *given, const char *name, mig_error *err);

#endif
