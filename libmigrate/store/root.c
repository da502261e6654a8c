/* store/root.c - opening files by descriptor from a root, so that no link leads out of it */
#define _GNU_SOURCE /* O_PATH, syscall */
#include "store/root.h"
#include "base/buffer.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

enum { LINKS_MOST = 40 }; /* as many as the kernel follows */

static const int passing = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/* Close without losing what went wrong before. */
static void let_go(int fd)
{
    int problem = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = problem;
}

static int fail(int problem)
{
    errno = problem;
    return -1;
}

/* ---- the path that the user named ---- */

typedef struct search {
    int directory;            /* -1: none */
    char rest[PATH_MAX];      /* what is left of the path */
    uid_t makers[LINKS_MOST]; /* who owns the links that were followed */
    size_t links;
} search;

/* The next component into `name`. False: there is none. */
static bool next_name(search *s, char name[NAME_MAX + 1])
{
    const char *from = s->rest + strspn(s->rest, "/");
    size_t length = strcspn(from, "/");
    if (length == 0 || length > NAME_MAX) {
        return false;
    }
    memcpy(name, from, length);
    name[length] = '\0';
    from += length;
    memmove(s->rest, from, strlen(from) + 1);
    return true;
}

static bool ends(const search *s)
{
    return s->rest[strspn(s->rest, "/")] == '\0';
}

/* Go on where a link points to. */
static int follow(search *s, const char *name, uid_t maker)
{
    char target[PATH_MAX], rest[PATH_MAX];
    ssize_t length = readlinkat(s->directory, name, target, sizeof target - 1);
    if (length <= 0) {
        return length == 0 ? fail(ENOENT) : -1;
    }
    target[length] = '\0';
    if (s->links == LINKS_MOST) {
        return fail(ELOOP);
    }
    s->makers[s->links++] = maker;
    memcpy(rest, s->rest, sizeof rest);
    if ((size_t)snprintf(s->rest, sizeof s->rest, "%s/%s", target, rest) >= sizeof s->rest) {
        return fail(ENAMETOOLONG);
    }
    if (target[0] == '/') {
        let_go(s->directory);
        s->directory = open("/", passing);
    }
    return s->directory >= 0 ? 0 : -1;
}

static int enter(search *s, const char *name)
{
    int fd = openat(s->directory, name, passing);
    let_go(s->directory);
    s->directory = fd;
    return fd < 0 ? -1 : 0;
}

/* Down to the last component: s->directory holds it, and `name` is it ("." for the root directory). */
static int descend(search *s, const char *path, char name[NAME_MAX + 1])
{
    struct stat status;
    s->directory = open("/", passing);
    if (s->directory < 0 || (size_t)snprintf(s->rest, sizeof s->rest, "%s", path) >= sizeof s->rest) {
        return s->directory < 0 ? -1 : fail(ENAMETOOLONG);
    }
    memcpy(name, ".", 2);
    while (!ends(s)) {
        if (!next_name(s, name)) {
            return fail(ENAMETOOLONG);
        }
        if (fstatat(s->directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
            return ends(s) && errno == ENOENT ? 0 : -1; /* the caller may make it */
        }
        if (S_ISLNK(status.st_mode)) {
            if (follow(s, name, status.st_uid) != 0) {
                return -1;
            }
            memcpy(name, ".", 2);
        } else if (!ends(s)) {
            if (enter(s, name) != 0) {
                return -1;
            }
            memcpy(name, ".", 2);
        }
    }
    return 0;
}

static int take_root(mig__root *root, const char *path, const search *s, const char *name)
{
    struct stat status;
    int fd = openat(s->directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    bool file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    if (!file && !S_ISDIR(status.st_mode)) {
        let_go(fd);
        return fail(EINVAL);
    }
    for (size_t i = 0; i < s->links && geteuid() == 0; i++) {
        if (s->makers[i] != 0 && s->makers[i] != status.st_uid) {
            let_go(fd);
            return fail(EPERM);
        }
    }
    *root = (mig__root){.path = path, .fd = fd, .file = file, .owner = status.st_uid, .group = status.st_gid};
    return 0;
}

int mig__root_open(mig__root *root, const char *path)
{
    char name[NAME_MAX + 1];
    search s = {.directory = -1};
    int failed = descend(&s, path, name) != 0 ? -1 : take_root(root, path, &s, name);
    let_go(s.directory);
    return failed;
}

/* What root makes in somebody's directory is theirs. */
static int give_away(mig__root *root, int above)
{
    struct stat status;
    if (fstat(above, &status) != 0 || status.st_uid == 0) {
        return 0;
    }
    if (fchown(root->fd, status.st_uid, status.st_gid) != 0) {
        let_go(root->fd);
        root->fd = -1;
        return -1;
    }
    root->owner = status.st_uid;
    root->group = status.st_gid;
    return 0;
}

int mig__root_make(mig__root *root, const char *path, bool *made)
{
    char name[NAME_MAX + 1];
    search s = {.directory = -1};
    int failed = descend(&s, path, name);
    *made = failed == 0 && strcmp(name, ".") != 0 && mkdirat(s.directory, name, 0700) == 0;
    if (failed == 0 && !*made && strcmp(name, ".") != 0 && errno != EEXIST) {
        failed = -1;
    }
    failed = failed == 0 ? take_root(root, path, &s, name) : failed;
    if (failed == 0 && *made && geteuid() == 0) {
        failed = give_away(root, s.directory);
    }
    let_go(s.directory);
    return failed;
}

void mig__root_close(mig__root *root)
{
    let_go(root->fd);
    root->fd = -1;
}

/* ---- below it ---- */

/* What follows the root's path: "" for itself. NULL: it lies elsewhere. */
static const char *below(const mig__root *root, const char *path)
{
    size_t length = strlen(root->path);
    if (strncmp(path, root->path, length) != 0) {
        return NULL;
    }
    if (path[length] == '\0') {
        return path + length;
    }
    if (length > 0 && root->path[length - 1] == '/') {
        return path + length; /* the root of the file system */
    }
    return path[length] == '/' && path[length + 1] != '\0' ? path + length + 1 : NULL;
}

static int walk_to(int from, const char *path, int flags, mode_t mode)
{
    int directory = from;
    char name[NAME_MAX + 1];
    for (;;) {
        size_t length = strcspn(path, "/");
        if (length == 0 || length > NAME_MAX) {
            let_go(directory != from ? directory : -1);
            return fail(length == 0 ? EINVAL : ENAMETOOLONG);
        }
        memcpy(name, path, length);
        name[length] = '\0';
        bool last = path[length] == '\0';
        int fd = strcmp(name, "..") == 0 || strcmp(name, ".") == 0
                     ? fail(EXDEV)
                     : openat(directory, name, last ? flags | O_NOFOLLOW | O_CLOEXEC : passing, mode);
        let_go(directory != from ? directory : -1);
        if (fd < 0 || last) {
            return fd;
        }
        directory = fd;
        path += length + 1;
    }
}

static int beneath(const mig__root *root, const char *path, int flags, mode_t mode)
{
#ifdef SYS_openat2
    if (!root->walking) {
        struct open_how how = {.flags = (unsigned)(flags | O_NOFOLLOW | O_CLOEXEC),
                               .mode = (flags & O_CREAT) != 0 ? mode : 0,
                               .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
        int fd = (int)syscall(SYS_openat2, root->fd, path, &how, sizeof how);
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) { /* EPERM: a filter of calls that does not know it */
            return fd;
        }
    }
#endif
    return walk_to(root->fd, path, flags, mode);
}

int mig__root_at(const mig__root *root, const char *path, int flags, mode_t mode)
{
    if (root == NULL) {
        return open(path, flags | O_CLOEXEC, mode);
    }
    const char *relative = below(root, path);
    if (relative == NULL || root->fd < 0) {
        return fail(EXDEV);
    }
    if (relative[0] != '\0') {
        return beneath(root, relative, flags, mode);
    }
    return root->file ? fcntl(root->fd, F_DUPFD_CLOEXEC, 0) : openat(root->fd, ".", flags | O_CLOEXEC);
}

int mig__root_parent(const mig__root *root, const char *path, const char **name)
{
    char *above = strdup(path);
    char *slash = above != NULL ? strrchr(above, '/') : NULL;
    int fd = -1;
    if (above == NULL) {
        return fail(ENOMEM);
    }
    if (root != NULL && (below(root, path) == NULL || below(root, path)[0] == '\0')) {
        errno = EXDEV;
    } else if (slash == NULL) {
        *name = path;
        fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    } else {
        *name = path + (slash - above) + 1;
        slash[slash == above ? 1 : 0] = '\0';
        fd = mig__root_at(root, above, O_PATH | O_DIRECTORY, 0);
    }
    int problem = errno;
    free(above);
    errno = problem;
    return fd;
}

int mig__root_mkdir(const mig__root *root, const char *path)
{
    const char *name;
    if (root != NULL && strcmp(root->path, path) == 0) {
        return 0; /* it is open */
    }
    int directory = mig__root_parent(root, path, &name);
    int made = directory < 0 ? -1 : mkdirat(directory, name, 0700);
    if (directory >= 0 && made != 0 && errno == EEXIST) { /* a link to a directory is there already, too */
        int fd = openat(directory, name, passing);
        made = fd < 0 ? -1 : 0;
        let_go(fd);
    }
    let_go(directory);
    return made;
}

int mig__root_rename(const mig__root *root, const char *from, const char *to)
{
    const char *old, *new;
    int first = mig__root_parent(root, from, &old);
    int second = first < 0 ? -1 : mig__root_parent(root, to, &new);
    int failed = second < 0 ? -1 : renameat(first, old, second, new);
    let_go(first);
    let_go(second);
    return failed;
}

int mig__root_unlink(const mig__root *root, const char *path)
{
    const char *name;
    int directory = mig__root_parent(root, path, &name);
    int failed = directory < 0 ? -1 : unlinkat(directory, name, 0);
    let_go(directory);
    return failed;
}

/* ---- files ---- */

/*
 * Several names are no sign of harm where whoever owns the directory owns the file, too (copies of a day that share
 * what did not change), or where only root can have made them.
 */
static bool may_have_names(const mig__root *root, const char *path, const struct stat *file)
{
    struct stat status;
    const char *name;
    int directory = file->st_uid == root->owner ? -1 : mig__root_parent(root, path, &name);
    bool known = directory >= 0 && fstat(directory, &status) == 0;
    let_go(directory);
    return file->st_uid == root->owner ||
           (known && (status.st_uid == file->st_uid || (status.st_uid == 0 && (status.st_mode & 022) == 0)));
}

int mig__root_regular(const mig__root *root, const char *path, struct stat *status)
{
    struct stat found;
    int fd = mig__root_at(root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) {
        close(fd);
        return fail(EINVAL);
    }
    if (root != NULL && geteuid() == 0 && found.st_nlink > 1 && !may_have_names(root, path, &found)) {
        close(fd);
        return fail(EPERM);
    }
    if (status != NULL) {
        *status = found;
    }
    return fd;
}

FILE *mig__root_stream(const mig__root *root, const char *path, uint64_t most)
{
    struct stat status;
    int fd = mig__root_regular(root, path, &status);
    if (fd >= 0 && (uint64_t)status.st_size > most) {
        close(fd);
        errno = EFBIG;
        return NULL;
    }
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (fd >= 0 && file == NULL) {
        let_go(fd);
    }
    return file;
}

/* ---- directories ---- */

DIR *mig__root_directory(const mig__root *root, const char *path)
{
    int fd = mig__root_at(root, path, O_RDONLY | O_DIRECTORY | (root != NULL ? O_NOFOLLOW : 0), 0);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (fd >= 0 && directory == NULL) {
        let_go(fd);
    }
    return directory;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void mig__root_names_free(char **names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        free(names[i]);
    }
    free(names);
}

static int read_names(DIR *directory, char ***names, size_t *count)
{
    size_t room = 0;
    struct dirent *entry;
    errno = 0;
    while ((entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (*count + 2 > room) {
            room = room == 0 ? 64 : 2 * room;
            char **grown = realloc(*names, room * sizeof *grown);
            if (grown == NULL) {
                return -1;
            }
            *names = grown;
        }
        (*names)[*count] = strdup(entry->d_name);
        (*names)[*count + 1] = NULL;
        if ((*names)[(*count)++] == NULL) {
            return -1;
        }
        errno = 0;
    }
    return errno == 0 ? 0 : -1;
}

char **mig__root_names(const mig__root *root, const char *path, mig_error *err)
{
    size_t count = 0;
    char **names = calloc(1, sizeof *names);
    DIR *directory = mig__root_directory(root, path);
    if (names == NULL || directory == NULL || read_names(directory, &names, &count) != 0) {
        mig_error_errno(err, MIG_E_IO, errno, "reading the directory %s", path);
        mig__root_names_free(names);
        names = NULL;
    } else {
        qsort(names, count, sizeof *names, compare_names);
    }
    if (directory != NULL) {
        closedir(directory);
    }
    return names;
}

int mig__root_sync(const mig__root *root, const char *path, mig_error *err)
{
    int fd = mig__root_at(root, path, O_RDONLY | O_DIRECTORY, 0);
    /* Some file systems cannot sync a directory (EINVAL): there is nothing to be done about it there. */
    bool failed = fd < 0 || (fsync(fd) != 0 && errno != EINVAL);
    let_go(fd);
    return failed ? mig_error_errno(err, MIG_E_IO, errno, "writing to the directory %s", path) : 0;
}

mig__file_kind mig__root_kind_in(int directory, const char *name, struct stat *status)
{
    struct stat found;
    if (fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
        return MIG__FILE_NONE;
    }
    if (status != NULL) {
        *status = found;
    }
    return S_ISREG(found.st_mode)   ? MIG__FILE_REGULAR
           : S_ISDIR(found.st_mode) ? MIG__FILE_DIRECTORY
           : S_ISLNK(found.st_mode) ? MIG__FILE_LINK
                                    : MIG__FILE_OTHER;
}

mig__file_kind mig__root_kind(const mig__root *root, const char *path, struct stat *status)
{
    const char *name;
    struct stat found;
    if (root != NULL && strcmp(root->path, path) == 0) {
        bool there = fstat(root->fd, status != NULL ? status : &found) == 0;
        return !there ? MIG__FILE_NONE : root->file ? MIG__FILE_REGULAR : MIG__FILE_DIRECTORY;
    }
    int directory = mig__root_parent(root, path, &name);
    mig__file_kind kind = directory < 0 ? MIG__FILE_NONE : mig__root_kind_in(directory, name, status);
    let_go(directory);
    return kind;
}
