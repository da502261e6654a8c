/* sieve/files.c - scripts as files of a directory: NAME.sieve, one a script; what is active is not known of them */
#include "sieve/work.h"
#include "base/memory.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENDING ".sieve"

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ".dovecot.sieve" is a script that is not managed: its name is what stands between. */
static char *script_name(const char *file)
{
    const size_t length = strlen(file), ending = strlen(ENDING);
    char shown[1024];
    if (length <= ending || length >= 256 || strcmp(file + length - ending, ENDING) != 0 ||
        strcmp(mig__inert(file, length, shown, sizeof shown), file) != 0) {
        return NULL;
    }
    return strndup(file, length - ending);
}

int mig__sieve_files_list(const char *directory, mig__sieve_listing *out, mig_error *err)
{
    *out = (mig__sieve_listing)MIG__SIEVE_LISTING_INIT;
    DIR *listing = opendir(directory);
    if (listing == NULL) {
        return mig_error_errno(err, MIG_E_IO, errno, "%s cannot be read", directory);
    }
    const struct dirent *entry;
    int status = 0;
    while (status == 0 && (entry = readdir(listing)) != NULL) {
        char *name = script_name(entry->d_name);
        if (name == NULL) {
            continue;
        }
        char **names = out->count < MIG__SIEVE_SCRIPTS ? mig__grow(out->names, out->count, sizeof *names, err) : NULL;
        if (names == NULL) {
            free(name);
            status = out->count < MIG__SIEVE_SCRIPTS ? -1
                                                     : mig_error_set(err, MIG_E_BOUNDS, "%s has more than %d scripts",
                                                                     directory, MIG__SIEVE_SCRIPTS);
        } else {
            out->names = names;
            names[out->count++] = name;
        }
    }
    closedir(listing);
    if (status == 0 && out->count == 0) {
        status = mig_error_set(err, MIG_E_MISSING, "no file in %s is named NAME" ENDING, directory);
    }
    if (status != 0) {
        mig__sieve_listing_clear(out);
        return -1;
    }
    qsort(out->names, out->count, sizeof *out->names, by_name);
    return 0;
}

static int read_all(int fd, const char *path, mig__buffer *out, mig_error *err)
{
    char piece[16384];
    ssize_t got;
    while ((got = read(fd, piece, sizeof piece)) != 0) {
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return mig_error_errno(err, MIG_E_IO, errno, "%s cannot be read", path);
        }
        mig__buffer_add(out, piece, (size_t)got);
        if (out->length > MIG__SIEVE_LITERAL) {
            return mig_error_set(err, MIG_E_BOUNDS, "%s is larger than 4 MiB", path);
        }
    }
    return mig__buffer_ok(out, err);
}

int mig__sieve_files_get(const char *directory, const char *name, mig__buffer *out, mig_error *err)
{
    char path[4096 + 300];
    struct stat what;
    snprintf(path, sizeof path, "%.4096s/%s" ENDING, directory, name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "%s cannot be read", path);
    }
    int status = fstat(fd, &what) == 0 && S_ISREG(what.st_mode)
                     ? read_all(fd, path, out, err)
                     : mig_error_set(err, MIG_E_IO, "%s is not a file", path);
    close(fd);
    return status;
}
