/*
 * net/stream.c - the stream: gathering, buffering, waiting, and the one place where a failure becomes final
 *
 * Octets pass   caller | out (gathered) | TLS | wire   and   wire | TLS | in (buffered) | caller.
 * Every step below is non-blocking; this file alone waits.
 */
#include "net/stream.h"
#include "base/clock.h"
#include "net/connect.h"
#include "net/tls.h"
#include "net/wait.h"
#include "net/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GATHER          (16 * 1024) /* one TLS record (RFC 8446 section 5.1) */
#define DIRECT          (16 * 1024) /* reads at least this large go straight to the caller's memory */
#define INBOUND_FIRST   (64 * 1024)
#define INBOUND_MOST    (1024 * 1024)
#define CONNECT_TIMEOUT 30000
#define TIMEOUT         (5 * 60 * 1000)

/*
 * A peer that keeps us waiting and yet sends now and then, so that no deadline passes. Lines such as "* OK Still here"
 * are rare but whole; what is looked for are crumbs: at least DRIP_RECEIVES of them, over DRIP_WINDOW of waiting.
 */
#define DRIP_WINDOW   60000
#define DRIP_RECEIVES 8
#define DRIP_OCTETS   4  /* a second, of the protocol */
#define DRIP_WIRE     32 /* a second, with what TLS adds */
#define DRIP_PIECE    8  /* octets of the protocol in a crumb */

typedef struct drip {
    int64_t waited;
    uint64_t octets, wire, receives; /* the counters when the window began */
} drip;

struct mig__stream {
    const mig_endpoint *endpoint;
    const mig_stop *stop;
    mig__wire wire;
    mig__tls_context *context;
    mig__tls *tls; /* NULL: plain */
    char *out;     /* GATHER octets */
    size_t out_length;
    char *in;
    size_t in_start, in_end, in_capacity;
    uint64_t received; /* of the protocol, whether or not the caller has them yet */
    bool asked;        /* something was written since the last wait */
    mig__stream_stats stats;
    drip drip;
    bool failed;
    mig_error failure;
};

static int64_t timeout_of(const mig__stream *stream)
{
    return stream->endpoint->timeout_ms > 0 ? stream->endpoint->timeout_ms : TIMEOUT;
}

static int64_t connect_timeout_of(const mig_endpoint *endpoint)
{
    return endpoint->connect_timeout_ms > 0 ? endpoint->connect_timeout_ms : CONNECT_TIMEOUT;
}

static int repeat_failure(const mig__stream *stream, mig_error *err)
{
    if (err)
        *err = stream->failure;
    return -1;
}

static mig__io receive(mig__stream *stream, void *out, size_t size, size_t *got)
{
    mig__io io;

    if (stream->tls) {
        io = mig__tls_read(stream->tls, out, size, got, &stream->failure);
    } else {
        io = mig__wire_receive(&stream->wire, out, size, got);
        if (io == MIG__IO_FAILED)
            mig__wire_error(&stream->wire, &stream->failure);
    }
    if (io == MIG__IO_DONE)
        stream->received += *got;
    return io;
}

static mig__io send_some(mig__stream *stream, const struct iovec *pieces, int count, size_t *sent)
{
    mig__io io;

    if (stream->tls)
        return mig__tls_write(stream->tls, pieces[0].iov_base, pieces[0].iov_len, sent, &stream->failure);
    io = mig__wire_send(&stream->wire, pieces, count, sent);
    if (io == MIG__IO_FAILED)
        mig__wire_error(&stream->wire, &stream->failure);
    return io;
}

/* Room for more in `in`: moves, then grows it. Returns how much, 0 when it is full, -1 without memory. */
static int64_t inbound_room(mig__stream *stream)
{
    size_t held = stream->in_end - stream->in_start;

    if (held == 0) {
        stream->in_start = stream->in_end = 0;
    } else if (stream->in_end == stream->in_capacity && stream->in_start > 0) {
        memmove(stream->in, stream->in + stream->in_start, held);
        stream->in_start = 0;
        stream->in_end = held;
    }
    if (stream->in_end == stream->in_capacity && stream->in_capacity < INBOUND_MOST) {
        size_t capacity = stream->in_capacity ? 2 * stream->in_capacity : INBOUND_FIRST;
        char *in = realloc(stream->in, capacity);

        if (!in) {
            mig_error_set(&stream->failure, MIG_E_NOMEM, "out of memory while receiving");
            return -1;
        }
        stream->in = in;
        stream->in_capacity = capacity;
    }
    return (int64_t)(stream->in_capacity - stream->in_end);
}

static mig__io receive_inbound(mig__stream *stream)
{
    int64_t room = inbound_room(stream);
    size_t got = 0;
    mig__io io;

    if (room < 0)
        return MIG__IO_FAILED;
    if (room == 0)
        return MIG__IO_DONE;
    io = receive(stream, stream->in + stream->in_end, (size_t)room, &got);
    if (io == MIG__IO_DONE)
        stream->in_end += got;
    return io;
}

/*
 * A server that hangs up says why in an untagged BYE (RFC 3501 section 7.1.5), which nobody may have read yet when the
 * failure shows itself on a write: those words belong to the error.
 */
static void keep_last_words(mig__stream *stream)
{
    const char *start = stream->in ? stream->in + stream->in_start : NULL;
    const char *end = stream->in ? stream->in + stream->in_end : NULL;

    while (start && start < end) {
        const char *newline = memchr(start, '\n', (size_t)(end - start));
        const char *stop = newline ? newline : end;

        if (stop - start > 6 && !memcmp(start, "* BYE ", 6))
            mig_error_server(&stream->failure, start + 6, (size_t)(stop - start) - 6 - (stop[-1] == '\r'));
        start = newline ? newline + 1 : NULL;
    }
}

/* `failure` holds what happened: make it final. Returns -1. */
static int fail(mig__stream *stream, mig_error *err)
{
    if (stream->endpoint->host)
        mig_error_context(&stream->failure, "%s", stream->endpoint->host);
    stream->failed = true;
    return repeat_failure(stream, err);
}

static int fail_sending(mig__stream *stream, mig_error *err)
{
    mig_error first = stream->failure;

    while (receive_inbound(stream) == MIG__IO_DONE && stream->in_end - stream->in_start < INBOUND_MOST)
        ;
    stream->failure = first;
    keep_last_words(stream);
    return fail(stream, err);
}

static int fail_timeout(mig__stream *stream, const char *what, mig_error *err)
{
    mig_error_set(&stream->failure, MIG_E_TIMEOUT, "%s for %.3g seconds", what, (double)timeout_of(stream) / 1000);
    return fail(stream, err);
}

/* One wait for `events`. Fills *ready (0: the deadline has passed). */
static int wait_for(mig__stream *stream, short events, int64_t deadline, short *ready, mig_error *err)
{
    struct pollfd entry = {.fd = stream->wire.fd, .events = events};

    if (mig__wait(&entry, 1, deadline, stream->stop, &stream->failure) < 0)
        return fail(stream, err);
    *ready = entry.revents;
    return 0;
}

/* Wait until sending can go on, and take in meanwhile what the peer sends. */
static int wait_to_send(mig__stream *stream, mig__io want, int64_t *deadline, mig_error *err)
{
    bool full = stream->in_end - stream->in_start >= INBOUND_MOST;
    short events = want == MIG__IO_WANT_WRITE ? POLLOUT : POLLIN;
    uint64_t before = stream->wire.octets_in;
    short ready = 0;

    if (!*deadline)
        *deadline = mig__now_ms() + timeout_of(stream);
    if (wait_for(stream, full ? events : (short)(events | POLLIN), *deadline, &ready, err))
        return -1;
    if (!ready)
        return fail_timeout(stream, "the server takes no data", err);
    if (!full && (ready & (POLLIN | POLLHUP | POLLERR)) && receive_inbound(stream) == MIG__IO_FAILED)
        return fail_sending(stream, err);
    if (stream->wire.octets_in != before)
        *deadline = 0;
    return 0;
}

/* Send all of up to two pieces. */
static int transmit(mig__stream *stream, struct iovec pieces[2], mig_error *err)
{
    int64_t deadline = 0;
    int first = 0;

    while (first < 2) {
        size_t sent = 0;
        mig__io io;

        if (!pieces[first].iov_len) {
            first++;
            continue;
        }
        io = send_some(stream, pieces + first, 2 - first, &sent);
        if (io == MIG__IO_FAILED)
            return fail_sending(stream, err);
        if (io != MIG__IO_DONE) {
            if (wait_to_send(stream, io, &deadline, err))
                return -1;
            continue;
        }
        deadline = 0;
        while (first < 2 && sent >= pieces[first].iov_len)
            sent -= pieces[first++].iov_len;
        if (first < 2) {
            pieces[first].iov_base = (char *)pieces[first].iov_base + sent;
            pieces[first].iov_len -= sent;
        }
    }
    return 0;
}

/* Send what is gathered, and `more` after it. Passwords pass through the gathered octets: they do not stay there. */
static int transmit_gathered(mig__stream *stream, const void *more, size_t length, mig_error *err)
{
    struct iovec pieces[2] = {{stream->out, stream->out_length}, {(void *)(uintptr_t)more, length}};
    int result = transmit(stream, pieces, err);

    explicit_bzero(stream->out, stream->out_length);
    stream->out_length = 0;
    return result;
}

int mig__stream_flush(mig__stream *stream, mig_error *err)
{
    if (stream->failed)
        return repeat_failure(stream, err);
    return transmit_gathered(stream, NULL, 0, err);
}

static void gather(mig__stream *stream, const char *data, size_t length)
{
    memcpy(stream->out + stream->out_length, data, length);
    stream->out_length += length;
}

int mig__stream_write(mig__stream *stream, const void *data, size_t length, mig_error *err)
{
    const char *rest = data;
    size_t room = GATHER - stream->out_length;
    size_t whole;

    if (stream->failed)
        return repeat_failure(stream, err);
    if (!length)
        return 0;
    stream->asked = true;
    stream->stats.octets_out += length;
    if (length <= room) {
        gather(stream, rest, length);
        return 0;
    }
    if (!stream->tls)
        return transmit_gathered(stream, data, length, err);
    /* Full records: what is gathered is filled up, the middle goes out from where it is, the end is gathered. */
    if (stream->out_length) {
        gather(stream, rest, room);
        rest += room;
        length -= room;
        if (mig__stream_flush(stream, err))
            return -1;
    }
    whole = length - length % GATHER;
    if (whole) {
        struct iovec pieces[2] = {{(void *)(uintptr_t)rest, whole}, {NULL, 0}};

        if (transmit(stream, pieces, err))
            return -1;
    }
    gather(stream, rest + whole, length - whole);
    return 0;
}

static void drip_start(mig__stream *stream)
{
    stream->drip = (drip){0, stream->received, stream->wire.octets_in, stream->wire.receives};
}

/* True when the peer has sent nothing but crumbs during a whole window of waiting. */
static bool drips(mig__stream *stream, int64_t waited)
{
    int64_t window = timeout_of(stream) < DRIP_WINDOW ? timeout_of(stream) : DRIP_WINDOW;
    uint64_t receives = stream->wire.receives - stream->drip.receives;
    uint64_t octets = stream->received - stream->drip.octets;
    uint64_t wire = stream->wire.octets_in - stream->drip.wire;
    uint64_t total;

    stream->drip.waited += waited;
    total = (uint64_t)stream->drip.waited;
    if (stream->drip.waited < window || receives < DRIP_RECEIVES)
        return false;
    if (octets * 1000 < DRIP_OCTETS * total && wire * 1000 < DRIP_WIRE * total && octets < DRIP_PIECE * receives)
        return true;
    drip_start(stream);
    return false;
}

/* Wait until receiving can go on. */
static int wait_to_receive(mig__stream *stream, mig__io want, int64_t *deadline, uint64_t *seen, mig_error *err)
{
    int64_t start = mig__now_ms();
    short ready = 0;

    if (stream->asked) {
        stream->asked = false;
        stream->stats.waits++;
    }
    if (!*deadline || *seen != stream->wire.octets_in) {
        *deadline = start + timeout_of(stream);
        *seen = stream->wire.octets_in;
    }
    if (wait_for(stream, want == MIG__IO_WANT_WRITE ? POLLOUT : POLLIN, *deadline, &ready, err))
        return -1;
    if (!ready)
        return fail_timeout(stream, "the server has not answered", err);
    if (drips(stream, mig__now_ms() - start)) {
        mig_error_set(&stream->failure, MIG_E_TIMEOUT, "the server sends only single octets");
        return fail(stream, err);
    }
    return 0;
}

static int64_t take_inbound(mig__stream *stream, void *out, size_t size)
{
    size_t held = stream->in_end - stream->in_start;
    size_t take = size < held ? size : held;

    memcpy(out, stream->in + stream->in_start, take);
    stream->in_start += take;
    stream->stats.octets_in += take;
    return (int64_t)take;
}

int64_t mig__stream_read(mig__stream *stream, void *out, size_t size, mig_error *err)
{
    int64_t deadline = 0;
    uint64_t seen = 0;

    if (stream->failed)
        return repeat_failure(stream, err);
    if (!size)
        return mig_error_set(err, MIG_E_INTERNAL, "a read of no octets");
    if (stream->out_length && mig__stream_flush(stream, err))
        return -1;
    while (stream->in_start == stream->in_end) {
        size_t got = 0;
        mig__io io = size >= DIRECT ? receive(stream, out, size, &got) : receive_inbound(stream);

        if (io == MIG__IO_FAILED)
            return fail(stream, err);
        if (got) {
            stream->stats.octets_in += got;
            return (int64_t)got;
        }
        if (io != MIG__IO_DONE && wait_to_receive(stream, io, &deadline, &seen, err))
            return -1;
    }
    return take_inbound(stream, out, size);
}

bool mig__stream_readable(mig__stream *stream)
{
    mig__io io;

    if (stream->failed || stream->in_start < stream->in_end)
        return true;
    io = receive_inbound(stream);
    if (io == MIG__IO_FAILED)
        fail(stream, NULL);
    return io == MIG__IO_DONE || io == MIG__IO_FAILED;
}

/* Until the handshake is over every octet that came in would be one that TLS does not vouch for (RFC 3501 6.2.1). */
static bool injected(const mig__stream *stream)
{
    char octet;

    return stream->in_start < stream->in_end || recv(stream->wire.fd, &octet, 1, MSG_PEEK) > 0;
}

static int handshake(mig__stream *stream, mig_error *err)
{
    int64_t deadline = mig__now_ms() + connect_timeout_of(stream->endpoint);

    for (;;) {
        mig__io io = mig__tls_handshake(stream->tls, &stream->failure);
        short ready = 0;

        if (io == MIG__IO_DONE)
            return 0;
        if (io == MIG__IO_FAILED)
            return fail(stream, err);
        if (wait_for(stream, io == MIG__IO_WANT_WRITE ? POLLOUT : POLLIN, deadline, &ready, err))
            return -1;
        if (!ready) {
            mig_error_set(&stream->failure, MIG_E_TIMEOUT, "the TLS handshake took longer than %.3g seconds",
                          (double)connect_timeout_of(stream->endpoint) / 1000);
            return fail(stream, err);
        }
    }
}

static int begin_tls(mig__stream *stream, mig_error *err)
{
    stream->context = mig__tls_context_new(stream->endpoint, &stream->failure);
    if (!stream->context)
        return fail(stream, err);
    stream->tls = mig__tls_new(stream->context, &stream->wire, stream->endpoint, &stream->failure);
    if (!stream->tls)
        return fail(stream, err);
    if (handshake(stream, err))
        return -1;
    drip_start(stream);
    return 0;
}

int mig__stream_start_tls(mig__stream *stream, mig_error *err)
{
    if (stream->failed)
        return repeat_failure(stream, err);
    if (stream->tls) {
        mig_error_set(&stream->failure, MIG_E_INTERNAL, "TLS is on already");
        return fail(stream, err);
    }
    if (mig__stream_flush(stream, err))
        return -1;
    if (injected(stream)) {
        mig_error_set(&stream->failure, MIG_E_TLS, "octets came in between the answer to STARTTLS and TLS");
        mig_error_hint(&stream->failure, "somebody may be tampering with the connection; use imaps:// on port 993");
        return fail(stream, err);
    }
    return begin_tls(stream, err);
}

bool mig__stream_is_tls(const mig__stream *stream)
{
    return stream->tls != NULL;
}

static int check_cleartext(const mig__stream *stream, mig_error *err)
{
    const mig_endpoint *endpoint = stream->endpoint;

    if (endpoint->tls != MIG_TLS_NONE || endpoint->allow_cleartext || mig__peer_is_local(stream->wire.fd))
        return 0;
    mig_error_set(err, MIG_E_CLEARTEXT,
                  "%s is not this machine: without TLS, password and mail could be read on the way",
                  endpoint->host ? endpoint->host : "the server");
    return mig_error_hint(err, "use imaps://, or imap:// with STARTTLS");
}

static mig__stream *stream_new(int fd, const mig_endpoint *endpoint, const mig_stop *stop)
{
    mig__stream *stream = calloc(1, sizeof *stream);

    if (!stream)
        return NULL;
    stream->out = malloc(GATHER);
    if (!stream->out) {
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

    if (!stream) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory while opening a connection");
        close(fd);
        return NULL;
    }
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) || fcntl(fd, F_SETFD, FD_CLOEXEC)) {
        mig_error_errno(err, MIG_E_INTERNAL, errno, "preparing a descriptor");
        mig__stream_close(&stream);
    } else if (check_cleartext(stream, err)) {
        mig__stream_close(&stream);
    }
    return stream;
}

mig__stream *mig__stream_open(const mig_endpoint *endpoint, const mig_stop *stop, mig_error *err)
{
    int64_t deadline = mig__now_ms() + connect_timeout_of(endpoint);
    mig__stream *stream;
    int fd = mig__connect(endpoint->host, endpoint->port, stop, deadline, err);

    if (fd < 0)
        return NULL;
    stream = mig__stream_from_fd(fd, endpoint, stop, err);
    if (stream && endpoint->tls == MIG_TLS_IMPLICIT && begin_tls(stream, err))
        mig__stream_close(&stream);
    return stream;
}

void mig__stream_stats_get(const mig__stream *stream, mig__stream_stats *out)
{
    *out = stream->stats;
}

void mig__stream_close(mig__stream **stream)
{
    if (!*stream)
        return;
    mig__tls_close(&(*stream)->tls);
    mig__tls_context_free(&(*stream)->context);
    close((*stream)->wire.fd);
    explicit_bzero((*stream)->out, (*stream)->out_length);
    free((*stream)->in);
    free((*stream)->out);
    free(*stream);
    *stream = NULL;
}
