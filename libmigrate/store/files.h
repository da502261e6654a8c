/*
 * store/files.h - files as this module handles them: written whole or not at all, read by lines that have a bound
 */
#ifndef MIG_STORE_FILES_H
#define MIG_STORE_FILES_H

#include "base/buffer.h"
#include "store/root.h"
#include <migrate/error.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

/* A file that is written anew, mode 0600, and takes the place of the old one at the end. */
typedef struct mig__replacing {
    int directory; /* that it lies in */
    char *path, *name, *temporary;
    FILE *file;
} mig__replacing;

/* `root` NULL: a file of our own. */
int mig__replace_begin(mig__replacing *replacing, const mig__root *root, const char *path, mig_error *err);
/* Flush, fsync, rename, fsync of the directory; on failure the old file stays. */
int mig__replace_end(mig__replacing *replacing, mig_error *err);
void mig__replace_abort(mig__replacing *replacing);

/* "directory/name"; NULL: no memory. */
char *mig__files_join(const char *directory, const char *name);

enum { MIG__LINE_MOST = 64 * 1024 }; /* of a file that other programs keep beside the mail */

/*
 * The next line of a text, without its line end. 1; 0: there is none; -1: it is longer than MIG__LINE_MOST (EFBIG), or
 * cannot be read. *whole (may be NULL): a line end was there.
 */
int mig__files_line(FILE *file, mig__buffer *line, bool *whole);

/* Modification time in nanoseconds. */
int64_t mig__files_time(const struct stat *status);

/* True when a name may become a mailbox or be shown: no control characters, not empty, "." or "..", no "/". */
bool mig__files_name_safe(const char *name);

/* A name with "?" for each control character, to be shown; the caller frees. NULL: no memory. */
char *mig__files_name_shown(const char *name);

/* A name of the file system as IMAP has it: mUTF-7, or as it is when it is no UTF-8. */
int mig__files_name_wire(const char *name, mig__buffer *out, mig_error *err);

#endif
