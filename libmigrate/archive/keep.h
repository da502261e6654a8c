/* archive/keep.h - one message as an archive of its own: what is put aside can be given back by itself */
#ifndef MIG_ARCHIVE_KEEP_H
#define MIG_ARCHIVE_KEEP_H

#include "imap/list.h"
#include "mail/digest.h"
#include "base/clock.h"
#include <migrate/error.h>

typedef struct mig__keep { /* all of it borrowed */
    const char *path;      /* ends in ".tar.zst" or another ending that an export takes */
    const char *source;    /* "user@host:port" */
    const char *prefix;    /* of the personal namespace, wire form; "" for none */
    const mig__mailbox *mailbox;
    uint32_t uidvalidity, uid;
    const char *flags; /* joined, "" for none */
    mig__datetime date;
    const char *message_id; /* "" for none */
    const char *octets;     /* NULL: in the file */
    int fd;
    uint64_t size;
    const uint8_t *sha256; /* MIG__DIGEST_SIZE octets */
} mig__keep;

/*
 * Make the archive, as `archive check` and `archive import` take it. It is on disk when this returns 0; one of that
 * name that is there already is left as it is. Errors: MIG_E_IO, MIG_E_DISK_FULL, MIG_E_NOMEM, MIG_E_USAGE.
 */
int mig__archive_keep(const mig__keep *keep, mig_error *err);

#endif
