/*
 * net/stream_open.c - how a stream begins (TCP, proxy or tunnel, TLS, compression) and ends
 */
#include "base/clock.h"
#include "net/connect.h"
#include "net/proxy.h"
#include "net/stream_private.h"
#include "net/wait.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_TIMEOUT 30000

int64_t mig__connect_timeout(const mig_endpoint *endpoint)
{
    return endpoint->connect_timeout_ms > 0 ? endpoint->connect_timeout_ms : CONNECT_TIMEOUT;
}

/* Until the handshake is over every octet that came in would be one that TLS does not vouch for (RFC 3501 6.2.1). */
static bool injected(const mig__stream *stream)
{
    char octet;

    return stream->in_start < stream->in_end || recv(stream->wire.fd, &octet, 1, MSG_PEEK) > 0;
}

static int handshake(mig__stream *stream, mig_error *err)
{
    int64_t deadline = mig__now_ms() + mig__connect_timeout(stream->endpoint);

    for (;;) {
        mig__io io = mig__tls_handshake(stream->tls, &stream->failure);
        short ready = 0;

        if (io == MIG__IO_DONE) {
            return 0;
        }
        if (io == MIG__IO_FAILED) {
            return mig__stream_fail(stream, err);
        }
        if (mig__stream_wait(stream, io == MIG__IO_WANT_WRITE ? POLLOUT : POLLIN, deadline, &ready, err) != 0) {
            return -1;
        }
        if (!ready) {
            mig_error_set(&stream->failure, MIG_E_TIMEOUT, "the TLS handshake took longer than %.3g seconds",
                          (double)mig__connect_timeout(stream->endpoint) / 1000);
            return mig__stream_fail(stream, err);
        }
    }
}

static int begin_tls(mig__stream *stream, mig_error *err)
{
    if (stream->context == NULL) {
        stream->context = mig__tls_context_new(stream->endpoint, &stream->failure);
    }
    if (stream->context == NULL) {
        return mig__stream_fail(stream, err);
    }
    stream->tls = mig__tls_new(stream->context, &stream->wire, stream->endpoint, &stream->failure);
    if (stream->tls == NULL) {
        return mig__stream_fail(stream, err);
    }
    if (handshake(stream, err) != 0) {
        return -1;
    }
    mig__stream_drip_start(stream);
    return 0;
}

int mig__stream_start_tls(mig__stream *stream, mig_error *err)
{
    if (stream->failed) {
        return mig__stream_repeat_failure(stream, err);
    }
    if (stream->tls != NULL) {
        mig_error_set(&stream->failure, MIG_E_INTERNAL, "TLS is on already");
        return mig__stream_fail(stream, err);
    }
    if (stream->deflate != NULL) { /* RFC 4978 section 3: TLS is below compression */
        mig_error_set(&stream->failure, MIG_E_INTERNAL, "TLS cannot begin after compression");
        return mig__stream_fail(stream, err);
    }
    if (mig__stream_flush(stream, err) != 0) {
        return -1;
    }
    if (injected(stream)) {
        mig_error_set(&stream->failure, MIG_E_TLS, "octets came in between the answer to STARTTLS and TLS");
        mig_error_hint(&stream->failure, "somebody may be tampering with the connection; use imaps:// on port 993");
        return mig__stream_fail(stream, err);
    }
    return begin_tls(stream, err);
}

int mig__stream_start_deflate(mig__stream *stream, mig_error *err)
{
    if (stream->failed) {
        return mig__stream_repeat_failure(stream, err);
    }
    if (stream->deflate != NULL) {
        mig_error_set(&stream->failure, MIG_E_INTERNAL, "compression is on already");
        return mig__stream_fail(stream, err);
    }
    if (mig__stream_flush(stream, err) != 0) {
        return -1;
    }
    stream->deflate = mig__deflate_new(&stream->failure);
    return stream->deflate != NULL ? 0 : mig__stream_fail(stream, err);
}

bool mig__stream_is_tls(const mig__stream *stream)
{
    return stream->tls != NULL;
}

int mig__stream_channel_binding(mig__stream *stream, const char **type, unsigned char out[64], size_t *length,
                                mig_error *err)
{
    *type = NULL;
    *length = 0;
    return stream->tls != NULL ? mig__tls_channel_binding(stream->tls, type, out, length, err) : 0;
}

static int refuse_cleartext(const mig_endpoint *endpoint, mig_error *err)
{
    mig_error_set(err, MIG_E_CLEARTEXT, "%s is %s: without TLS, password and mail could be read on the way",
                  endpoint->host != NULL ? endpoint->host : "the server",
                  endpoint->proxy != NULL ? "behind a proxy" : "not this machine");
    return mig_error_hint(err, "use imaps://, or imap:// with STARTTLS");
}

static mig__stream *stream_new(int fd, const mig_endpoint *endpoint, const mig_stop *stop)
{
    mig__stream *stream = calloc(1, sizeof *stream);

    if (stream == NULL) {
        return NULL;
    }
    stream->out = malloc(MIG__STREAM_GATHER);
    if (stream->out == NULL) {
        free(stream);
        return NULL;
    }
    stream->endpoint = endpoint;
    stream->stop = stop;
    stream->wire.fd = fd;
    return stream;
}

mig__stream *mig__stream_from_fd(int fd, const mig_endpoint *endpoint, const mig_stop *stop, mig_error *err)
{
    mig__stream *stream = stream_new(fd, endpoint, stop);
    int flags = fcntl(fd, F_GETFL);

    if (stream == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory while opening a connection");
        close(fd);
        return NULL;
    }
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        mig_error_errno(err, MIG_E_INTERNAL, errno, "preparing a descriptor");
        mig__stream_close(&stream);
    } else if (endpoint->tls == MIG_TLS_NONE && !endpoint->allow_cleartext && !mig__peer_is_local(fd)) {
        refuse_cleartext(endpoint, err);
        mig__stream_close(&stream);
    }
    return stream;
}

/* A descriptor that leads to the server: by a command, by a proxy, or straight. */
static int reach(const mig_endpoint *endpoint, const mig_stop *stop, mig__tunnel **tunnel, mig_error *err)
{
    int64_t deadline = mig__now_ms() + mig__connect_timeout(endpoint);
    int fd = -1;

    if (endpoint->tunnel != NULL) {
        *tunnel = mig__tunnel_start(endpoint->tunnel, &fd, err);
        return fd;
    }
    bool local_only = endpoint->tls == MIG_TLS_NONE && !endpoint->allow_cleartext;
    if (endpoint->proxy == NULL) {
        fd = mig__connect(endpoint->host, endpoint->port, local_only, stop, deadline, err);
        return fd == MIG__NOT_LOCAL ? refuse_cleartext(endpoint, err) : fd;
    }
    /* The proxy may be this machine; what is behind it is not. */
    if (local_only) {
        return refuse_cleartext(endpoint, err);
    }
    return mig__proxy_connect(endpoint, stop, deadline, err);
}

mig__stream *mig__stream_open_shared(const mig_endpoint *endpoint, mig__tls_context *context, const mig_stop *stop,
                                     mig_error *err)
{
    mig__tunnel *tunnel = NULL;
    mig__stream *stream;
    int fd = reach(endpoint, stop, &tunnel, err);

    if (fd < 0) {
        return NULL;
    }
    stream = mig__stream_from_fd(fd, endpoint, stop, err);
    if (stream == NULL) {
        mig__tunnel_close(&tunnel);
        return NULL;
    }
    stream->tunnel = tunnel;
    stream->context = context;
    stream->context_shared = context != NULL;
    if (endpoint->tls == MIG_TLS_IMPLICIT && begin_tls(stream, err) != 0) {
        mig__stream_close(&stream);
    }
    return stream;
}

mig__stream *mig__stream_open(const mig_endpoint *endpoint, const mig_stop *stop, mig_error *err)
{
    return mig__stream_open_shared(endpoint, NULL, stop, err);
}

/* Ask, on a connection that is good for nothing else. Returns true when an octet of TLS comes back. */
static bool answers_tls(mig__wire *wire, const mig_stop *stop, int64_t deadline)
{
    char hello[4096];
    unsigned char first = 0;
    size_t length = mig__tls_hello(hello, sizeof hello), done = 0, got = 0;
    const struct iovec piece = {.iov_base = hello, .iov_len = length};
    struct pollfd entry = {.fd = wire->fd, .events = POLLIN};

    /* it fits into the socket's buffer, or the answer is not to be had */
    return length > 0 && mig__wire_send(wire, &piece, 1, &done) == MIG__IO_DONE && done == length &&
           mig__wait(&entry, 1, deadline, stop, NULL) > 0 && mig__wire_receive(wire, &first, 1, &got) == MIG__IO_DONE &&
           first >= 20 && first <= 23;
}

bool mig__speaks_tls(const mig_endpoint *endpoint, const mig_stop *stop, int64_t deadline)
{
    mig__tunnel *tunnel = NULL;
    mig_error error = MIG_ERROR_INIT;
    int64_t left = deadline - mig__now_ms();
    mig_endpoint quick = *endpoint;

    if (endpoint->tunnel != NULL || endpoint->dial != NULL || left <= 0) {
        return false;
    }
    quick.connect_timeout_ms = (int)left;
    mig__wire wire = {.fd = reach(&quick, stop, &tunnel, &error)};
    if (wire.fd < 0) {
        return false;
    }
    int flags = fcntl(wire.fd, F_GETFL);
    bool answered =
        flags >= 0 && fcntl(wire.fd, F_SETFL, flags | O_NONBLOCK) == 0 && answers_tls(&wire, stop, deadline);
    close(wire.fd);
    return answered;
}

void mig__stream_close(mig__stream **stream)
{
    if (*stream == NULL) {
        return;
    }
    mig__tls_close(&(*stream)->tls);
    if (!(*stream)->context_shared) {
        mig__tls_context_free(&(*stream)->context);
    }
    mig__deflate_free(&(*stream)->deflate);
    close((*stream)->wire.fd);
    mig__tunnel_close(&(*stream)->tunnel);
    explicit_bzero((*stream)->out, (*stream)->out_length);
    free((*stream)->in);
    free((*stream)->out);
    free(*stream);
    *stream = NULL;
}
