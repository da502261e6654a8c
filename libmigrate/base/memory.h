/* base/memory.h - arrays that grow, and how much memory the process took */
#ifndef MIG_BASE_MEMORY_H
#define MIG_BASE_MEMORY_H

#include <migrate/error.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The most memory in octets that this program had resident. Taken from /proc/self/status (VmHWM) where there is one:
 * getrusage also counts what the parent had before it became this program. 0: unknown.
 */
uint64_t mig__peak_memory(void);

/*
 * Room for one more in a malloc'd array of `count` entries of `size` octets each (NULL for none), all of whose room
 * came from here: it grows at powers of two, so its capacity need not be kept. The array, which may have moved; NULL
 * with MIG_E_NOMEM: it is as it was.
 */
void *mig__grow(void *array, size_t count, size_t size, mig_error *err);

/*
 * Octets for a secret, all zero, in pages of their own: in no core dump, and once mig__locked_hold was called, in no
 * swap. NULL: no memory. mig__locked_free overwrites them; NULL is fine.
 */
void *mig__locked_new(size_t size);
/* The first `length` octets are in use: they stay in memory, as far as the limits of this process allow. */
void mig__locked_hold(void *secret, size_t length);
void mig__locked_free(void *secret, size_t size);

#endif
