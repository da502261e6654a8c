/*
 * base/spool.h - octets in a file without a name, which is gone with the process
 *
 * A failure is in errno: the caller words it, who knows which octets these are and where room is to be made.
 */
#ifndef MIG_BASE_SPOOL_H
#define MIG_BASE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

/* A new file in `directory` (NULL: where the system keeps such files), closed when a program is started. -1: failed. */
int mig__spool_file(const char *directory);

/* Append all of it. 0, or -1. */
int mig__spool_put(int fd, const void *octets, size_t length);

/* `length` octets from `offset` on. 1; 0: the file ends before; -1: failed. */
int mig__spool_get(int fd, uint64_t offset, void *out, size_t length);

#endif
