/* archive/spool.h - octets on their way: a message before its header is written, and files without a name */
#ifndef MIG_ARCHIVE_SPOOL_H
#define MIG_ARCHIVE_SPOOL_H

#include "base/clock.h"
#include "mail/digest.h"
#include <migrate/error.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A file without a name in `directory` (NULL: where the system keeps temporary files). -1 with MIG_E_IO. */
int mig__spool_open(const char *directory, mig_error *err);

/* All of it, or -1 with MIG_E_IO or MIG_E_DISK_FULL. */
int mig__spool_write(int fd, const void *octets, size_t length, mig_error *err);

/* Exactly `length` octets from `offset` on. -1 with MIG_E_IO, also where the file ends before. */
int mig__spool_read(int fd, uint64_t offset, void *out, size_t length, mig_error *err);

/*
 * A message: up to 4 MiB in memory, else in a file without a name. A connection that breaks in the middle so costs the
 * archive nothing: the member's header is written when all of its octets are there.
 */
#define MIG__SPOOL_MEMORY (4u << 20)

typedef struct mig__parcel {
    struct mig__parcel *next;
    size_t folder; /* index of the export's folder */
    uint32_t uid;
    mig__datetime date;
    char *flags;      /* joined, "" for none */
    char *message_id; /* "" for none */
    uint64_t size, filled;
    char *octets; /* NULL: in the file */
    int fd;       /* -1: in memory */
    uint8_t sha256[MIG__DIGEST_SIZE];
} mig__parcel;

/* One of exactly `size` octets, still empty. NULL with MIG_E_NOMEM, MIG_E_IO, MIG_E_DISK_FULL. */
mig__parcel *mig__parcel_new(uint64_t size, const char *directory, mig_error *err);

/* Add octets; more than `size` in all are MIG_E_PROTOCOL. */
int mig__parcel_add(mig__parcel *parcel, const char *octets, size_t length, mig_error *err);

/* Message-ID from the octets held. 0, or -1 with MIG_E_NOMEM. */
int mig__parcel_name(mig__parcel *parcel, mig_error *err);

void mig__parcel_free(mig__parcel *parcel); /* NULL is fine */

#endif
