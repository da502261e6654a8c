/* state/lock.c - see lock.h */
#include "state/lock.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/sha256.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    RECORD_SIZE = 512,
    PAIR_OCTETS = 16, /* of the digest in a file's name */
    PAIR_ATTEMPTS = 20
};

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

/* Name the holder of `what`, who may be about to write its record: wait for that a little. */
static int locked_error(int fd, mig_code code, const char *what, mig_error *err)
{
    for (int attempt = 0; attempt < 20; attempt++) {
        char record[RECORD_SIZE];
        char host[256];
        char since[32];
        long pid = 0;
        ssize_t length = pread(fd, record, sizeof record - 1, 0);
        record[length > 0 ? length : 0] = '\0';
        if (sscanf(record, "pid %ld\nhost %255s\nsince %31s", &pid, host, since) == 3) {
            mig_error_set(err, code, "%s in use by process %ld on %s since %s", what, pid, host, since);
            return mig_error_hint(err, "wait until that run has ended: two at once would copy messages twice");
        }
        mig__sleep_ms(5);
    }
    mig_error_set(err, code, "%s in use by another process", what);
    return mig_error_hint(err, "wait until that run has ended: two at once would copy messages twice");
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
            mig__buffer what = MIG__BUFFER_INIT;
            mig__buffer_addf(&what, "the state file %s is", path);
            locked_error(fd, MIG_E_STATE_LOCKED, what.failed ? "the state file is" : what.data, err);
            mig__buffer_free(&what);
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

/* ---- a pair of accounts ---- */

int mig__lock_pair_digest(const char *source, const char *target, uint8_t out[MIG__DIGEST_SIZE], mig_error *err)
{
    mig__sha256 *sha256 = mig__sha256_new(err);
    int failed = sha256 == NULL || mig__sha256_begin(sha256, err) != 0 ||
                         mig__sha256_add(sha256, source, strlen(source) + 1, err) != 0 ||
                         mig__sha256_add(sha256, target, strlen(target), err) != 0 ||
                         mig__sha256_end(sha256, out, err) != 0
                     ? -1
                     : 0;
    mig__sha256_free(&sha256);
    return failed;
}

static int pair_name(const char *directory, const char *source, const char *target, char *out, size_t size,
                     mig_error *err)
{
    uint8_t digest[MIG__DIGEST_SIZE];
    int failed = mig__lock_pair_digest(source, target, digest, err);
    int length = failed != 0 ? 0 : snprintf(out, size, "%s/mailmigrate-", directory);
    for (size_t i = 0; failed == 0 && i < PAIR_OCTETS && length > 0 && (size_t)length + 8 < size; i++) {
        length += snprintf(out + length, size - (size_t)length, "%02x", digest[i]);
    }
    if (failed == 0 && (length <= 0 || (size_t)length + 8 >= size)) {
        return mig_error_set(err, MIG_E_IO, "the path of the directory for locks is too long");
    }
    return failed != 0 ? -1 : (snprintf(out + length, size - (size_t)length, ".lock"), 0);
}

/*
 * The directory may be one that all users write to (/run/lock, /tmp): no link is followed, nothing but a plain file
 * with one name is taken, and what another user made is only read, which is enough to lock it.
 */
static int open_pair(const char *name, bool *ours, mig_error *err)
{
    struct stat st;
    int fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    }
    *ours = fd >= 0;
    if (fd < 0 && (errno == EACCES || errno == EPERM || errno == EEXIST)) {
        fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    }
    if (fd < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "cannot open the lock file %s", name);
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink > 1) {
        close(fd);
        return mig_error_set(err, MIG_E_IO, "the lock file %s is not a plain file: somebody else put it there", name);
    }
    return fd;
}

/* Still the file of that name? The holder before us takes it away when it ends. */
static bool still_named(int fd, const char *name)
{
    struct stat held, named;
    return fstat(fd, &held) == 0 && lstat(name, &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev;
}

int mig__lock_take_pair(mig__lock *lock, const char *directory, const char *source, const char *target, mig_error *err)
{
    char name[4096];
    if (pair_name(directory, source, target, name, sizeof name, err) != 0) {
        return -1;
    }
    for (int attempt = 0; attempt < PAIR_ATTEMPTS; attempt++) {
        bool ours = false;
        int fd = open_pair(name, &ours, err);
        if (fd < 0) {
            return -1;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            int why = errno;
            mig__buffer what = MIG__BUFFER_INIT;
            mig__buffer_addf(&what, "copying from %s to %s is under way already: the pair is", source, target);
            if (why == EWOULDBLOCK) {
                locked_error(fd, MIG_E_PAIR_LOCKED, what.failed ? "the pair is" : what.data, err);
            } else {
                mig_error_errno(err, MIG_E_IO, why, "cannot lock %s", name);
            }
            mig__buffer_free(&what);
            close(fd);
            return -1;
        }
        if (still_named(fd, name)) {
            if (ours && write_record(fd) != 0) {
                lock->unclean = true; /* who comes second is not told who the first is, no more */
            }
            lock->fd = fd;
            lock->name = strdup(name);
            return 0;
        }
        close(fd);
    }
    return mig_error_set(err, MIG_E_IO, "the lock file %s changes hands all the time", name);
}

void mig__lock_release_pair(mig__lock *lock)
{
    if (lock->fd < 0) {
        return;
    }
    if (lock->name != NULL) {
        (void)unlink(lock->name); /* another user's stays; it holds nothing back */
    }
    free(lock->name);
    close(lock->fd);
    *lock = (mig__lock)MIG__LOCK_INIT;
}
