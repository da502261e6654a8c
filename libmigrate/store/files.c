/* store/files.c - files written whole or not at all, and read by lines that have a bound */
#include "store/files.h"
#include "imap/names.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 100 }; /* to find a name that is free */

char *mig__files_join(const char *directory, const char *name)
{
    mig__buffer path = MIG__BUFFER_INIT;
    mig__buffer_add_text(&path, directory);
    mig__buffer_add_text(&path, "/");
    mig__buffer_add_text(&path, name);
    return mig__buffer_steal(&path);
}

static void forget(mig__replacing *replacing)
{
    if (replacing->directory >= 0) {
        close(replacing->directory);
    }
    free(replacing->path);
    free(replacing->name);
    free(replacing->temporary);
    *replacing = (mig__replacing){.directory = -1};
}

/* A file of a name that nobody has; -1 with errno. */
static int make_temporary(mig__replacing *replacing)
{
    int fd = -1;
    for (unsigned i = 0; fd < 0 && i < TRIES; i++) {
        struct timespec now;
        mig__buffer name = MIG__BUFFER_INIT;
        clock_gettime(CLOCK_REALTIME, &now);
        mig__buffer_addf(&name, "%s.%lx%lx%x", replacing->name, (unsigned long)now.tv_nsec, (unsigned long)getpid(), i);
        free(replacing->temporary);
        replacing->temporary = mig__buffer_steal(&name);
        if (replacing->temporary == NULL) {
            errno = ENOMEM;
            return -1;
        }
        fd = openat(replacing->directory, replacing->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
        if (fd < 0 && errno != EEXIST) {
            break;
        }
    }
    return fd;
}

int mig__replace_begin(mig__replacing *replacing, const mig__root *root, const char *path, mig_error *err)
{
    const char *name = "";
    int fd = -1;
    *replacing = (mig__replacing){.directory = mig__root_parent(root, path, &name), .path = strdup(path)};
    replacing->name = replacing->directory >= 0 ? strdup(name) : NULL;
    if (replacing->directory >= 0 && replacing->name != NULL && replacing->path != NULL) {
        fd = make_temporary(replacing);
        replacing->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    }
    if (replacing->file != NULL) {
        return 0;
    }
    mig_error_errno(err, MIG_E_IO, errno, "writing %s", path);
    if (fd >= 0) {
        unlinkat(replacing->directory, replacing->temporary, 0);
        close(fd);
    }
    forget(replacing);
    return -1;
}

void mig__replace_abort(mig__replacing *replacing)
{
    if (replacing->file != NULL) {
        fclose(replacing->file);
    }
    unlinkat(replacing->directory, replacing->temporary, 0);
    forget(replacing);
}

/* So that the name lasts. A directory that is held as a mere place (O_PATH) cannot be synced itself. */
static int sync_parent(const mig__replacing *replacing, mig_error *err)
{
    int fd = openat(replacing->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool failed = fd < 0 || (fsync(fd) != 0 && errno != EINVAL);
    int problem = errno;
    if (fd >= 0) {
        close(fd);
    }
    return failed ? mig_error_errno(err, MIG_E_IO, problem, "writing %s", replacing->path) : 0;
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
    if (written && renameat(replacing->directory, replacing->temporary, replacing->directory, replacing->name) != 0) {
        written = false;
        problem = errno;
    }
    int failed =
        written ? sync_parent(replacing, err) : mig_error_errno(err, MIG_E_IO, problem, "writing %s", replacing->path);
    if (!written) {
        mig__replace_abort(replacing);
        return -1;
    }
    forget(replacing);
    return failed;
}

int mig__files_line(FILE *file, mig__buffer *line, bool *whole)
{
    int c;
    mig__buffer_clear(line);
    while ((c = getc(file)) != EOF && c != '\n') {
        if (line->length == MIG__LINE_MOST) {
            errno = EFBIG;
            return -1;
        }
        mig__buffer_add_char(line, (char)c);
    }
    if (whole != NULL) {
        *whole = c == '\n';
    }
    if (ferror(file)) {
        return -1;
    }
    if (c == EOF && line->length == 0) {
        return 0;
    }
    if (line->length > 0 && line->data[line->length - 1] == '\r') {
        line->data[--line->length] = '\0';
    }
    (void)mig__buffer_reserve(line, 0); /* an empty line is a text as well */
    if (line->failed) {
        errno = ENOMEM;
        return -1;
    }
    return 1;
}

int64_t mig__files_time(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

bool mig__files_name_safe(const char *name)
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

char *mig__files_name_shown(const char *name)
{
    char *shown = strdup(name);
    for (char *c = shown; c != NULL && *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c;
    }
    return shown;
}

int mig__files_name_wire(const char *name, mig__buffer *out, mig_error *err)
{
    mig__buffer encoded = MIG__BUFFER_INIT;
    mig__buffer_add_text(out, mig__name_encode(name, &encoded) ? encoded.data : name);
    mig__buffer_free(&encoded);
    return mig__buffer_ok(out, err);
}
