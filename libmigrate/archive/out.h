/*
 * archive/out.h - writing an archive, one member after another
 *
 * It grows as FILE.part and gets its name when it is whole and on disk: under the name that was asked for there is a
 * finished archive or none.
 */
#ifndef MIG_ARCHIVE_OUT_H
#define MIG_ARCHIVE_OUT_H

#include "archive/spool.h"
#include <migrate/endpoint.h>
#include <migrate/error.h>

typedef enum mig__format {
    MIG__FORMAT_NONE, /* a name that is none of them */
    MIG__FORMAT_TAR,
    MIG__FORMAT_TAR_GZ,
    MIG__FORMAT_TAR_XZ,
    MIG__FORMAT_TAR_ZST,
    MIG__FORMAT_ZIP
} mig__format;

/* By the end of the name, in any case; *stem is the length before it. */
mig__format mig__format_of(const char *path, size_t *stem);

/* The name of a file of the chain that begins with `path`: number 0 is `path`. malloc'd; NULL: no memory. */
char *mig__format_part(const char *path, unsigned number);

typedef struct mig__out mig__out;

typedef struct mig__out_options {
    const char *path;
    bool replace;          /* an archive of that name may be there */
    mig_secret_fn *secret; /* not NULL: a zip is encrypted with it (AES-256) */
    void *secret_context;
    unsigned threads; /* of the compressor, where it has any; 0: one for each processor, up to 4 */
} mig__out_options;

/*
 * Begin. Errors: MIG_E_USAGE (an unknown name, a password with anything but zip), MIG_E_REFUSED (there is one already),
 * MIG_E_STATE_LOCKED (another process writes it), MIG_E_IO, MIG_E_SECRET, MIG_E_NOMEM.
 */
mig__out *mig__out_open(const mig__out_options *options, mig_error *err);

/* Members. Errors: MIG_E_IO, MIG_E_DISK_FULL, MIG_E_NOMEM; the archive is of no use then. */
int mig__out_directory(mig__out *out, const char *path, int64_t when, mig_error *err);
int mig__out_octets(mig__out *out, const char *path, int64_t when, const void *octets, size_t length, mig_error *err);
int mig__out_file(mig__out *out, const char *path, int64_t when, int fd, uint64_t length, mig_error *err);

/* Finish, put it on disk and give it its name; *octets is its size. 0, or -1 as above; *out is NULL in either case. */
int mig__out_commit(mig__out **out, uint64_t *octets, mig_error *err);

/* Give up: nothing is left, neither under the name nor beside it. NULL in it is fine. */
void mig__out_abandon(mig__out **out);

#endif
