/* archive/spool.c - octets on their way: a message before its header is written, and files without a name */
#include "archive/spool.h"
#include "base/buffer.h"
#include "base/spool.h"
#include "mail/header.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_MOST = 64 << 10 /* octets of a message that are looked at for its Message-ID */ };

int mig__spool_open(const char *directory, mig_error *err)
{
    int fd = mig__spool_file(directory);
    if (fd < 0) {
        mig_error_errno(err, MIG_E_IO, errno, "cannot make a temporary file in %s",
                        directory != NULL ? directory : P_tmpdir);
        mig_error_hint(err, "large messages and the manifest pass through that directory: make it writable");
    }
    return fd;
}

int mig__spool_write(int fd, const void *octets, size_t length, mig_error *err)
{
    if (mig__spool_put(fd, octets, length) == 0) {
        return 0;
    }
    mig_error_errno(err, MIG_E_IO, errno, "cannot write a temporary file");
    return mig_error_hint(err, "make room where the archive is to lie, and run again");
}

int mig__spool_read(int fd, uint64_t offset, void *out, size_t length, mig_error *err)
{
    int got = mig__spool_get(fd, offset, out, length);
    if (got < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "cannot read a temporary file back");
    }
    return got > 0 ? 0 : mig_error_set(err, MIG_E_IO, "a temporary file was cut short");
}

mig__parcel *mig__parcel_new(uint64_t size, const char *directory, mig_error *err)
{
    mig__parcel *parcel = calloc(1, sizeof *parcel);
    if (parcel == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    parcel->size = size;
    parcel->fd = -1;
    bool ok;
    if (size > MIG__SPOOL_MEMORY) {
        ok = (parcel->fd = mig__spool_open(directory, err)) >= 0;
    } else if (!(ok = (parcel->octets = malloc(size > 0 ? (size_t)size : 1)) != NULL)) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory for a message of %llu octets", (unsigned long long)size);
    }
    if (!ok) {
        mig__parcel_free(parcel);
        return NULL;
    }
    return parcel;
}

int mig__parcel_add(mig__parcel *parcel, const char *octets, size_t length, mig_error *err)
{
    if (length > parcel->size - parcel->filled) {
        return mig_error_set(err, MIG_E_PROTOCOL, "the server sends more octets than it announced");
    }
    if (parcel->octets != NULL) {
        memcpy(parcel->octets + parcel->filled, octets, length);
    } else if (mig__spool_write(parcel->fd, octets, length, err) != 0) {
        return -1;
    }
    parcel->filled += length;
    return 0;
}

int mig__parcel_name(mig__parcel *parcel, mig_error *err)
{
    mig__summary summary;
    size_t length = parcel->filled < HEADER_MOST ? (size_t)parcel->filled : HEADER_MOST;
    char *head = parcel->octets != NULL ? parcel->octets : malloc(HEADER_MOST);
    int failed = head == NULL ? mig_error_set(err, MIG_E_NOMEM, "out of memory") : 0;
    if (failed == 0 && parcel->octets == NULL) {
        failed = mig__spool_read(parcel->fd, 0, head, length, err);
    }
    failed = failed != 0 ? failed : mig__summarize(head, length, &summary, err);
    if (failed == 0 && (parcel->message_id = mig__strdup(summary.message_id)) == NULL) {
        failed = mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (head != parcel->octets) {
        free(head);
    }
    return failed;
}

void mig__parcel_free(mig__parcel *parcel)
{
    if (parcel == NULL) {
        return;
    }
    if (parcel->fd >= 0) {
        close(parcel->fd);
    }
    free(parcel->octets);
    free(parcel->flags);
    free(parcel->message_id);
    free(parcel);
}
