/* base/spool.c - octets in a file without a name, which is gone with the process */
#include "base/spool.h"
#include "base/buffer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int mig__spool_file(const char *directory)
{
    mig__buffer path = MIG__BUFFER_INIT;
    mig__buffer_addf(&path, "%s/mailmigrate-XXXXXX", directory != NULL ? directory : P_tmpdir);
    int fd = -1;
    if (mig__buffer_ok(&path, NULL) != 0) {
        errno = ENOMEM;
    } else if ((fd = mkstemp(path.data)) >= 0) {
        unlink(path.data);
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    mig__buffer_free(&path);
    return fd;
}

int mig__spool_put(int fd, const void *octets, size_t length)
{
    for (const char *at = octets; length > 0;) {
        ssize_t written = write(fd, at, length);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        at += written > 0 ? written : 0;
        length -= written > 0 ? (size_t)written : 0;
    }
    return 0;
}

int mig__spool_get(int fd, uint64_t offset, void *out, size_t length)
{
    for (char *to = out; length > 0;) {
        ssize_t got = pread(fd, to, length, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return (int)got;
        }
        to += got;
        offset += (uint64_t)got;
        length -= (size_t)got;
    }
    return 1;
}
