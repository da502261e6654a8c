/*
 * archive/in.h - reading an archive that anyone may have made, member by member
 *
 * Formats and compressors are those that we write, and no others. What could do harm is refused here, by name: links,
 * devices, sparse files, names that lead elsewhere, sizes beyond bounds, more octets than the file can honestly hold.
 */
#ifndef MIG_ARCHIVE_IN_H
#define MIG_ARCHIVE_IN_H

#include "archive/names.h"
#include <migrate/endpoint.h>
#include <migrate/stop.h>

typedef struct mig__in mig__in;

typedef struct mig__in_options {
    const char *path;
    mig_secret_fn *secret; /* NULL: none */
    void *secret_context;
    const mig_stop *stop; /* NULL allowed */
} mig__in_options;

typedef struct mig__in_member {
    const char *path;      /* without a leading "./"; borrowed until the next one; not to be trusted when refused */
    mig__member_kind kind; /* REFUSED: `why` says what is wrong with it */
    const char *why;
    int64_t when; /* its time, seconds since 1970-01-01 UTC */
    bool encrypted;
} mig__in_member;

/* NULL: MIG_E_IO, MIG_E_DIFFERENT (no archive), MIG_E_SECRET, MIG_E_NOMEM. */
mig__in *mig__in_open(const mig__in_options *options, mig_error *err);

/*
 * The next member; what is left of the one before is passed over. 1; 0 at the end; -1 with MIG_E_DIFFERENT (damaged or
 * cut short: nothing more can be read), MIG_E_REFUSED (it expands beyond all measure), MIG_E_IO, MIG_E_INTERRUPTED,
 * MIG_E_NOMEM.
 */
int mig__in_next(mig__in *in, mig__in_member *out, mig_error *err);

/*
 * The next octets of the member, borrowed until the next call. 1; 0 at its end; -1 as above, and MIG_E_SECRET (no or a
 * wrong password). After MIG_E_DIFFERENT mig__in_next may find further members.
 */
int mig__in_read(mig__in *in, const void **octets, size_t *length, mig_error *err);

void mig__in_close(mig__in **in); /* NULL in it is fine */

#endif
