/*
 * archive/walk.h - one walk through a file of a chain: which members it holds, and the digest of each
 *
 * What is wrong is told to a callback and does not end the walk, but for what cannot be walked past.
 */
#ifndef MIG_ARCHIVE_WALK_H
#define MIG_ARCHIVE_WALK_H

#include "archive/in.h"
#include "archive/members.h"
#include <migrate/archive.h>

/* `folder` and `path` "" and `uid` 0 where there is none. 0, or -1 to end it all. */
typedef int mig__report_fn(mig_archive_found kind, const char *path, const char *folder, uint32_t uid,
                           const char *detail, void *context, mig_error *err);

#define MIG__SUMS_MOST 512

typedef struct mig__walk {
    mig__in_options in;
    const char *spool_dir; /* NULL: where the system keeps temporary files */
    mig__report_fn *report;
    void *context;
    void (*tick)(uint64_t octets, void *context); /* now and then; NULL: none */

    mig__members members; /* messages and files */
    int manifest;         /* a file without a name; -1: there is none */
    uint64_t manifest_size;
    uint8_t manifest_digest[MIG__DIGEST_SIZE];
    char sums[MIG__SUMS_MOST];
    size_t sums_length; /* 0: there is none */
    unsigned char seal[MIG_SIGNATURE_MAX];
    size_t seal_length; /* 0: there is none */
    bool encrypted;
} mig__walk;

/*
 * Walk. 0, also when it was reported that there is nothing more to be walked through; -1 with MIG_E_IO, MIG_E_SECRET,
 * MIG_E_INTERRUPTED, MIG_E_NOMEM, MIG_E_DISK_FULL, or what the callback said. Release with mig__walk_free.
 */
int mig__walk_file(mig__walk *walk, mig_error *err);

/* Report each member that nobody claimed; reads the file again. Errors as above. */
int mig__walk_unclaimed(mig__walk *walk, mig_error *err);

void mig__walk_free(mig__walk *walk);

/* The text of manifest.root. */
void mig__sums_text(const uint8_t manifest[MIG__DIGEST_SIZE], const char *root, char out[MIG__SUMS_MOST]);

#endif
