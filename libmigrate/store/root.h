/*
 * store/root.h - files of a store by descriptor, from the one path that the user named
 *
 * Who owns a Maildir may change it while somebody else, root perhaps, reads or writes it: a directory becomes a
 * symbolic link, a message a FIFO. So nothing below the root is ever opened by a path that the system resolves by
 * itself: every step goes from a directory that is held open, and no step follows a link (openat2 with RESOLVE_BENEATH
 * and RESOLVE_NO_SYMLINKS, or the same component by component). What is opened is looked at before it is read.
 *
 * Paths are absolute and begin with the root's; that is how messages show them. A NULL root stands for files of our
 * own (beside the state), which are opened as any program does.
 */
#ifndef MIG_STORE_ROOT_H
#define MIG_STORE_ROOT_H

#include <dirent.h>
#include <migrate/error.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

typedef struct mig__root {
    const char *path; /* borrowed */
    int fd;           /* what it leads to, opened once; -1: not opened */
    bool file;        /* a file by itself, and no directory */
    uid_t owner;
    gid_t group;
    bool walking; /* component by component, as where there is no openat2: for tests */
} mig__root;

#define MIG__ROOT_INIT                                                                                                 \
    {                                                                                                                  \
        NULL, -1, false, 0, 0, false                                                                                   \
    }

/*
 * Open what the user named: links on the way are followed, but for root only those that root or the owner of what they
 * lead to has made. 0, or -1 with errno set: EPERM for such a link, EINVAL for what is neither a file nor a directory.
 */
int mig__root_open(mig__root *root, const char *path);
/* The same for a directory that may have to be made, mode 0700; *made tells. Made by root it belongs to whoever owns
 * the directory above. */
int mig__root_make(mig__root *root, const char *path, bool *made);
void mig__root_close(mig__root *root);

/* Each returns -1 with errno set: ELOOP or ENOTDIR where there is a link, EXDEV for a path outside. */
int mig__root_at(const mig__root *root, const char *path, int flags, mode_t mode);
/* The directory that the path's last component lies in, to be closed, and that component. */
int mig__root_parent(const mig__root *root, const char *path, const char **name);
/* A directory, made if it is not there. */
int mig__root_mkdir(const mig__root *root, const char *path);
int mig__root_rename(const mig__root *root, const char *from, const char *to);
int mig__root_unlink(const mig__root *root, const char *path);

/*
 * Open a regular file for reading, without waiting for a FIFO (EINVAL: it is no regular file; EPERM: see below).
 * `status` may be NULL. For root a file with several names that does not belong to the owner of the store or of the
 * directory is refused: who owns a directory could have linked any file into it.
 */
int mig__root_regular(const mig__root *root, const char *path, struct stat *status);
/* The same as a stream, of at most `most` octets (EFBIG). */
FILE *mig__root_stream(const mig__root *root, const char *path, uint64_t most);

/* A directory to be read; NULL with errno. */
DIR *mig__root_directory(const mig__root *root, const char *path);
/* All names in it but "." and "..", sorted; NULL-terminated, one allocation each (mig__root_names_free). */
char **mig__root_names(const mig__root *root, const char *path, mig_error *err);
void mig__root_names_free(char **names);
/* fsync of a directory, so that the names in it last. */
int mig__root_sync(const mig__root *root, const char *path, mig_error *err);

/* What a name leads to. */
typedef enum mig__file_kind {
    MIG__FILE_NONE, /* gone */
    MIG__FILE_REGULAR,
    MIG__FILE_DIRECTORY,
    MIG__FILE_LINK,
    MIG__FILE_OTHER /* device, FIFO, socket */
} mig__file_kind;

/* `status` may be NULL. */
mig__file_kind mig__root_kind(const mig__root *root, const char *path, struct stat *status);
mig__file_kind mig__root_kind_in(int directory, const char *name, struct stat *status);

#endif
