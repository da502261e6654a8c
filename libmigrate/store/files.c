#define _GNU_SOURCE /* mkostemp (POSIX.1-2024): no other thread's command may inherit the file */
#include "store/files.h"
#include "imap/names.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *mig__path_join(const char *directory, const char *name)
{
    mig__buffer path = MIG__BUFFER_INIT;
    mig__buffer_add_text(&path, directory);
    mig__buffer_add_text(&path, "/");
    mig__buffer_add_text(&path, name);
    return mig__buffer_steal(&path);
}

int mig__replace_begin(mig__replacing *replacing, const char *path, mig_error *err)
{
    int fd = -1;
    *replacing = (mig__replacing){.path = strdup(path)};
    mig__buffer temporary = MIG__BUFFER_INIT;
    mig__buffer_addf(&temporary, "%s.XXXXXX", path);
    replacing->temporary = mig__buffer_steal(&temporary);
    if (replacing->path == NULL || replacing->temporary == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    } else if ((fd = mkostemp(replacing->temporary, O_CLOEXEC)) < 0 || (replacing->file = fdopen(fd, "w")) == NULL) {
        mig_error_errno(err, MIG_E_IO, errno, "writing %s", path);
    }
    if (replacing->file != NULL) {
        return 0;
    }
    if (fd >= 0) {
        close(fd);
        unlink(replacing->temporary);
    }
    free(replacing->path);
    free(replacing->temporary);
    *replacing = (mig__replacing){0};
    return -1;
}

void mig__replace_abort(mig__replacing *replacing)
{
    if (replacing->file != NULL) {
        fclose(replacing->file);
    }
    unlink(replacing->temporary);
    free(replacing->path);
    free(replacing->temporary);
    *replacing = (mig__replacing){0};
}

static int sync_parent(const char *path, mig_error *err)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash == NULL ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
    if (directory == NULL) {
        return mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    int failed = mig__sync_directory(directory, err);
    free(directory);
    return failed;
}

int mig__replace_end(mig__replacing *replacing, mig_error *err)
{
    bool written = fflush(replacing->file) == 0 && fsync(fileno(replacing->file)) == 0;
    int problem = errno;
    if (fclose(replacing->file) != 0 && written) {
        written = false;
        problem = errno;
    }
    replacing->file = NULL;
    if (written && rename(replacing->temporary, replacing->path) != 0) {
        written = false;
        problem = errno;
    }
    int failed = written ? sync_parent(replacing->path, err)
                         : mig_error_errno(err, MIG_E_IO, problem, "writing %s", replacing->path);
    if (!written) {
        mig__replace_abort(replacing);
        return -1;
    }
    free(replacing->path);
    free(replacing->temporary);
    *replacing = (mig__replacing){0};
    return failed;
}

int mig__sync_directory(const char *path, mig_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems cannot sync a directory (EINVAL): there is nothing to be done about it there. */
    bool failed = fd < 0 || (fsync(fd) != 0 && errno != EINVAL);
    int problem = errno;
    if (fd >= 0) {
        close(fd);
    }
    return failed ? mig_error_errno(err, MIG_E_IO, problem, "writing to the directory %s", path) : 0;
}

int mig__open_regular(const char *path, struct stat *status)
{
    struct stat found;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    if (status != NULL) {
        *status = found;
    }
    return fd;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void mig__directory_free(char **names)
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

char **mig__directory_names(const char *path, mig_error *err)
{
    size_t count = 0;
    char **names = calloc(1, sizeof *names);
    DIR *directory = opendir(path);
    if (names == NULL || directory == NULL || read_names(directory, &names, &count) != 0) {
        mig_error_errno(err, MIG_E_IO, errno, "reading the directory %s", path);
        mig__directory_free(names);
        names = NULL;
    } else {
        qsort(names, count, sizeof *names, compare_names);
    }
    if (directory != NULL) {
        closedir(directory);
    }
    return names;
}

mig__file_kind mig__file_kind_of(const char *path, struct stat *status)
{
    struct stat found;
    if (lstat(path, &found) != 0) {
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

int64_t mig__file_time(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

bool mig__name_safe(const char *name)
{
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return false;
    }
    for (; *name != '\0'; name++) {
        if ((unsigned char)*name < ' ' || *name == 0x7f || *name == '/') {
            return false;
        }
    }
    return true;
}

char *mig__name_shown(const char *name)
{
    char *shown = strdup(name);
    for (char *c = shown; c != NULL && *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c;
    }
    return shown;
}

int mig__name_to_wire(const char *name, mig__buffer *out, mig_error *err)
{
    mig__buffer encoded = MIG__BUFFER_INIT;
    mig__buffer_add_text(out, mig__name_encode(name, &encoded) ? encoded.data : name);
    mig__buffer_free(&encoded);
    return mig__buffer_ok(out, err);
}
