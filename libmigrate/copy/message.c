/* copy/message.c - one message on its way from the source to the target */
#include "copy/message.h"
#include "mail/date.h"
#include "base/spool.h"
#include "mail/header.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_spool(const char *directory, mig_error *err)
{
    int fd = mig__spool_file(directory);
    if (fd < 0) {
        mig_error_errno(err, MIG_E_IO, errno, "cannot make a temporary file in %s", directory);
        mig_error_hint(err, "large messages pass through that directory: make it writable, or give another --state");
    }
    return fd;
}

mig__transit *mig__transit_new(uint64_t size, const char *spool_dir, mig_error *err)
{
    mig__transit *message = calloc(1, sizeof *message);
    if (message == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
        return NULL;
    }
    message->size = size;
    message->spool = -1;
    if (size > MIG__MEMORY_MESSAGE) {
        message->spool = open_spool(spool_dir, err);
    } else {
        message->octets = malloc(size > 0 ? (size_t)size : 1);
    }
    if (message->spool < 0 && message->octets == NULL) {
        if (size <= MIG__MEMORY_MESSAGE) {
            mig_error_set(err, MIG_E_NOMEM, "out of memory for a message of %llu octets", (unsigned long long)size);
        }
        mig__transit_free(message);
        return NULL;
    }
    return message;
}

static int write_spool(int fd, const char *octets, size_t length, mig_error *err)
{
    if (mig__spool_put(fd, octets, length) == 0) {
        return 0;
    }
    mig_error_errno(err, MIG_E_IO, errno, "cannot write a large message to the temporary file");
    return mig_error_hint(err, "make room where the state file lies and run again: the copy goes on from here");
}

int mig__transit_add(mig__transit *message, uint64_t *filled, const char *octets, size_t length, mig_error *err)
{
    if (length > message->size - *filled) {
        return mig_error_set(err, MIG_E_PROTOCOL, "the server sends more octets than it announced");
    }
    if (message->octets != NULL) {
        memcpy(message->octets + *filled, octets, length);
    } else if (write_spool(message->spool, octets, length, err) != 0) {
        return -1;
    }
    *filled += length;
    return 0;
}

int64_t mig__transit_read(const mig__transit *message, uint64_t offset, char *buffer, size_t size, const char **data,
                          mig_error *err)
{
    uint64_t left = message->size - offset;
    if (message->octets != NULL) {
        *data = message->octets + offset;
        return (int64_t)left;
    }
    size_t wanted = left < size ? (size_t)left : size;
    int got = mig__spool_get(message->spool, offset, buffer, wanted);
    if (got < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "cannot read a large message back from the temporary file");
    }
    if (got == 0) {
        return mig_error_set(err, MIG_E_IO, "the temporary file of a large message was cut short");
    }
    *data = buffer;
    return (int64_t)wanted;
}

void mig__transit_describe(mig__transit *message)
{
    char head[8192];
    mig__summary summary;
    const char *octets = head;
    int64_t length = mig__transit_read(message, 0, head, sizeof head, &octets, NULL);
    if (length > 0 && mig__summarize(octets, (size_t)length, &summary, NULL) == 0) {
        message->message_id = summary.message_id[0] != '\0' ? mig__strdup(summary.message_id) : NULL;
        message->subject = summary.subject[0] != '\0' ? mig__strdup(summary.subject) : NULL;
    }
    if (!message->date.valid) {
        bool own = length > 0 && mig__mail_own_date(octets, (size_t)length, &message->date);
        message->dated = own ? MIG__DATED_BY_ITSELF : MIG__UNDATED;
    }
}

void mig__transit_free(mig__transit *message)
{
    if (message == NULL) {
        return;
    }
    if (message->spool >= 0) {
        close(message->spool);
    }
    free(message->octets);
    free(message->flags);
    free(message->stored);
    free(message->owed);
    free(message->email_id);
    free(message->message_id);
    free(message->subject);
    free(message);
}
