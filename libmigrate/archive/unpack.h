/*
 * archive/unpack.h - one file that was compressed by itself: gzip, bzip2, xz, zstd, compress (.Z), lz4, lzip
 *
 * As Dovecot's zlib plugin keeps messages, and as mailboxes are put away. What was compressed several times is unpacked
 * as often, up to a bound. Checksums are held against the content, and what expands beyond all measure is refused.
 */
#ifndef MIG_ARCHIVE_UNPACK_H
#define MIG_ARCHIVE_UNPACK_H

#include <migrate/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MIG__UNPACK_HEAD = 64 }; /* octets of a file that tell how it was compressed */

bool mig__unpack_known(const void *head, size_t length);

typedef struct mig__unpack mig__unpack;

/*
 * Of `length` octets of a file from `from` on, read by pread. NULL: MIG_E_DIFFERENT (damaged), MIG_E_REFUSED
 * (compressed too often, or it would take too much memory), MIG_E_IO, MIG_E_NOMEM. Release with mig__unpack_free.
 */
mig__unpack *mig__unpack_open(int fd, uint64_t from, uint64_t length, mig_error *err);
/* The next octets, at most `room` of them. How many; 0: that was all; -1: as above. */
int64_t mig__unpack_read(mig__unpack *unpack, void *out, size_t room, mig_error *err);
void mig__unpack_free(mig__unpack **unpack);

#endif
