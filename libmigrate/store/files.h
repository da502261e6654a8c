/*
 * store/files.h - files as this module handles them: written whole or not at all, opened only when they are files
 */
#ifndef MIG_STORE_FILES_H
#define MIG_STORE_FILES_H

#include "base/buffer.h"
#include <dirent.h>
#include <migrate/error.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

/* A file that is written anew, mode 0600, and takes the place of the old one at the end. */
typedef struct mig__replacing {
    char *path, *temporary;
    FILE *file;
} mig__replacing;

int mig__replace_begin(mig__replacing *replacing, const char *path, mig_error *err);
/* Flush, fsync, rename, fsync of the directory; on failure the old file stays. */
int mig__replace_end(mig__replacing *replacing, mig_error *err);
void mig__replace_abort(mig__replacing *replacing);

/* fsync of a directory, so that the names in it last. */
int mig__sync_directory(const char *path, mig_error *err);

/* "directory/name"; NULL: no memory. */
char *mig__path_join(const char *directory, const char *name);

/*
 * Open a regular file for reading, without following a symbolic link at its end and without waiting for a FIFO. The
 * descriptor, or -1 with errno set (EINVAL: no regular file); `status` may be NULL.
 */
int mig__open_regular(const char *path, struct stat *status);

/* All names in a directory but "." and "..", sorted; NULL-terminated, one allocation each (mig__directory_free). */
char **mig__directory_names(const char *path, mig_error *err);
void mig__directory_free(char **names);

/* What a name in a directory leads to, without following links. */
typedef enum mig__file_kind {
    MIG__FILE_NONE, /* gone */
    MIG__FILE_REGULAR,
    MIG__FILE_DIRECTORY,
    MIG__FILE_LINK,
    MIG__FILE_OTHER /* device, FIFO, socket */
} mig__file_kind;

mig__file_kind mig__file_kind_of(const char *path, struct stat *status);

/* Modification time in nanoseconds. */
int64_t mig__file_time(const struct stat *status);

/* True when a name may become a mailbox or be shown: no control characters, not empty, "." or "..", no "/". */
bool mig__name_safe(const char *name);

/* A name with "?" for each control character, to be shown; the caller frees. NULL: no memory. */
char *mig__name_shown(const char *name);

/* A name of the file system as IMAP has it: mUTF-7, or as it is when it is no UTF-8. */
int mig__name_to_wire(const char *name, mig__buffer *out, mig_error *err);

#endif
