/* state/lock.c - see lock.h */
#include "state/lock.h"
#include "base/buffer.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { RECORD_SIZE = 512 };

/* 0, or -1 with errno. */
static int write_record(int fd)
{
    char host[256] = "";
    char since[32] = "";
    char record[RECORD_SIZE];
    struct tm tm;
    time_t now = (time_t)mig__wall_seconds();

    if (gethostname(host, sizeof host - 1) != 0 || !host[0]) {
        snprintf(host, sizeof host, "localhost");
    }
    if (gmtime_r(&now, &tm)) {
        strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
    int length = snprintf(record, sizeof record, "pid %ld\nhost %s\nsince %s\n", (long)getpid(), host, since);
    if (ftruncate(fd, 0) != 0) {
        return -1;
    }
    ssize_t written = pwrite(fd, record, (size_t)length, 0);
    if (written >= 0 && written < length) {
        errno = ENOSPC;
    }
    return written == length ? 0 : -1;
}

/* Name the holder, who may be about to write its record: wait for that a little. */
static int locked_error(int fd, const char *path, mig_error *err)
{
    for (int attempt = 0; attempt < 20; attempt++) {
        char record[RECORD_SIZE];
        char host[256];
        char since[32];
        long pid = 0;
        ssize_t length = pread(fd, record, sizeof record - 1, 0);
        record[length > 0 ? length : 0] = '\0';
        if (sscanf(record, "pid %ld\nhost %255s\nsince %31s", &pid, host, since) == 3) {
            mig_error_set(err, MIG_E_STATE_LOCKED, "the state file %s is in use by process %ld on %s since %s", path,
                          pid, host, since);
            return mig_error_hint(err, "wait until that run has ended, or give this one a state file of its own");
        }
        mig__sleep_ms(5);
    }
    mig_error_set(err, MIG_E_STATE_LOCKED, "the state file %s is in use by another process", path);
    return mig_error_hint(err, "wait until that run has ended, or give this one a state file of its own");
}

int mig__lock_take(mig__lock *lock, const char *path, mig_error *err)
{
    mig__buffer buffer = MIG__BUFFER_INIT;
    const char *name = NULL;
    char octet;
    int rc = -1;
    int fd = -1;

    mig__buffer_add_text(&buffer, path);
    mig__buffer_add_text(&buffer, ".lock");
    if (mig__buffer_ok(&buffer, err) != 0) {
        goto cleanup;
    }
    name = buffer.data;
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        mig_error_errno(err, MIG_E_IO, errno, "cannot open the lock file %s", name);
        goto cleanup;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            locked_error(fd, path, err);
        } else {
            mig_error_errno(err, MIG_E_IO, errno, "cannot lock %s", name);
            mig_error_hint(err, "keep the state on a file system that has locks, best a local one");
        }
        goto cleanup;
    }
    lock->unclean = pread(fd, &octet, 1, 0) == 1;
    if (write_record(fd) != 0) {
        mig_error_errno(err, MIG_E_IO, errno, "cannot write the lock file %s", name);
        goto cleanup;
    }
    lock->fd = fd;
    fd = -1;
    rc = 0;
cleanup:
    if (fd >= 0) {
        close(fd);
    }
    mig__buffer_free(&buffer);
    return rc;
}

void mig__lock_release(mig__lock *lock, bool clean)
{
    if (lock->fd < 0) {
        return;
    }
    /* The record that stays when this fails costs the next run a check of the file, nothing else. */
    if (clean && ftruncate(lock->fd, 0) != 0) {
        lock->unclean = true;
    }
    close(lock->fd);
    lock->fd = -1;
}
