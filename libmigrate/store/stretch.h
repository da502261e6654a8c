/*
 * store/stretch.h - the octets of a message: a stretch of a file, with the line ends and the quoting of mail on disk
 * undone
 */
#ifndef MIG_STORE_STRETCH_H
#define MIG_STORE_STRETCH_H

#include <migrate/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mig__stretch {
    int fd;
    uint64_t from, length;
    bool packed;  /* it is compressed (archive/unpack.h) */
    bool crlf;    /* give CRLF for an LF that has no CR in front, as Dovecot does */
    bool unquote; /* take one ">" off lines that match "^>+From " (mboxrd) */
    bool header;  /* only as far as the empty line behind the header, that included */
} mig__stretch;

typedef int mig__stretch_fn(const char *octets, size_t length, void *context);

/* Hand all of it to `sink` in pieces, which ends it with anything but 0. 0; -1 with MIG_E_IO, also when the file ends
 * too early; 1: the sink ended it. */
int mig__stretch_read(const mig__stretch *octets, mig__stretch_fn *sink, void *context, mig_error *err);

/* How many they are. */
int mig__stretch_size(const mig__stretch *octets, uint64_t *size, mig_error *err);

/* The date in the Date: field of the message that they are; *date stays when there is none that can be read. */
void mig__stretch_date(const mig__stretch *octets, int64_t *date);

#endif
