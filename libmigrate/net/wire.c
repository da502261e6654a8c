/* net/wire.c - recv and sendmsg without blocking and without SIGPIPE */
#include "net/wire.h"
#include <errno.h>
#include <sys/socket.h>

static mig__io failed(mig__wire *wire, mig__io again)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return again;
    }
    wire->errnum = errno;
    return MIG__IO_FAILED;
}

mig__io mig__wire_receive(mig__wire *wire, void *out, size_t size, size_t *got)
{
    ssize_t n;

    do {
        n = recv(wire->fd, out, size, 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return failed(wire, MIG__IO_WANT_READ);
    }
    if (n == 0) {
        wire->ended = true;
        return MIG__IO_FAILED;
    }
    *got = (size_t)n;
    wire->octets_in += (uint64_t)n;
    wire->receives++;
    return MIG__IO_DONE;
}

mig__io mig__wire_send(mig__wire *wire, const struct iovec *pieces, int count, size_t *sent)
{
    struct msghdr message = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = (size_t)count};
    ssize_t n;

    do {
        n = sendmsg(wire->fd, &message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return failed(wire, MIG__IO_WANT_WRITE);
    }
    *sent = (size_t)n;
    wire->octets_out += (uint64_t)n;
    return MIG__IO_DONE;
}

int mig__wire_error(const mig__wire *wire, mig_error *err)
{
    switch (wire->errnum) {
    case 0:
        return mig_error_set(err, MIG_E_CLOSED, "the server closed the connection");
    case ECONNRESET:
    case EPIPE:
        return mig_error_set(err, MIG_E_CLOSED, "the server reset the connection");
    case ETIMEDOUT:
        mig_error_set(err, MIG_E_TIMEOUT, "the server does not answer any more (keep-alive)");
        return -1;
    default:
        return mig_error_errno(err, MIG_E_CLOSED, wire->errnum, "the connection broke");
    }
}
