/*
 * net/stream.c - moving octets: gathering, buffering, waiting, and the one place where a failure becomes final
 *
 * Octets pass   caller | deflate | out (gathered) | TLS | wire   and   wire | TLS | in (buffered) | inflate | caller.
 * Every step of the layers is non-blocking; mig__stream_wait alone waits.
 */
#include "net/stream.h"
#include "base/clock.h"
#include "net/stream_private.h"
#include "net/wait.h"
#include <stdlib.h>
#include <string.h>

#define DIRECT        (16 * 1024) /* reads at least this large go straight to the caller's memory */
#define INBOUND_FIRST (64 * 1024)
#define INBOUND_MOST  (1024 * 1024)
#define TIMEOUT       (5 * 60 * 1000)

/*
 * A peer that keeps us waiting and yet sends now and then, so that no deadline passes. Lines such as "* OK Still here"
 * are rare but whole; what is looked for are crumbs: at least DRIP_RECEIVES of them, over DRIP_WINDOW of waiting.
 */
#define DRIP_WINDOW   60000
#define DRIP_RECEIVES 8
#define DRIP_OCTETS   4  /* a second, of the protocol */
#define DRIP_WIRE     32 /* a second, with what TLS adds */
#define DRIP_PIECE    8  /* octets of the protocol in a crumb */

/* Octets on the wire that bring none of the protocol; a handshake has some thousand. */
#define HOLLOW_MOST     (4u << 20)
#define HOLLOW_TIMEOUTS 4

int64_t mig__stream_timeout(const mig__stream *stream)
{
    return stream->endpoint->timeout_ms > 0 ? stream->endpoint->timeout_ms : TIMEOUT;
}

int mig__stream_repeat_failure(const mig__stream *stream, mig_error *err)
{
    if (err != NULL) {
        *err = stream->failure;
    }
    return -1;
}

static mig__io receive(mig__stream *stream, void *out, size_t size, size_t *got)
{
    mig__io io;

    if (stream->tls != NULL) {
        io = mig__tls_read(stream->tls, out, size, got, &stream->failure);
    } else {
        io = mig__wire_receive(&stream->wire, out, size, got);
        if (io == MIG__IO_FAILED) {
            mig__wire_error(&stream->wire, &stream->failure);
        }
    }
    if (io == MIG__IO_DONE) {
        stream->received += *got;
    }
    return io;
}

static mig__io send_some(mig__stream *stream, const struct iovec *pieces, int count, size_t *sent)
{
    mig__io io;

    if (stream->tls != NULL) {
        return mig__tls_write(stream->tls, pieces[0].iov_base, pieces[0].iov_len, sent, &stream->failure);
    }
    io = mig__wire_send(&stream->wire, pieces, count, sent);
    if (io == MIG__IO_FAILED) {
        mig__wire_error(&stream->wire, &stream->failure);
    }
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

        if (in == NULL) {
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

    if (room < 0) {
        return MIG__IO_FAILED;
    }
    if (room == 0) {
        return MIG__IO_DONE;
    }
    io = receive(stream, stream->in + stream->in_end, (size_t)room, &got);
    if (io == MIG__IO_DONE) {
        stream->in_end += got;
    }
    return io;
}

/*
 * A server that hangs up says why in an untagged BYE (RFC 3501 section 7.1.5), which nobody may have read yet when the
 * failure shows itself on a write: those words belong to the error.
 */
static void keep_last_words(mig__stream *stream)
{
    bool legible = stream->in != NULL && stream->deflate == NULL;
    const char *start = legible ? stream->in + stream->in_start : NULL;
    const char *end = legible ? stream->in + stream->in_end : NULL;

    while (start != NULL && start < end) {
        const char *newline = memchr(start, '\n', (size_t)(end - start));
        const char *stop = newline != NULL ? newline : end;

        if (stop - start > 6 && memcmp(start, "* BYE ", 6) == 0) {
            mig_error_server(&stream->failure, start + 6, (size_t)(stop - start) - 6 - (stop[-1] == '\r'));
        }
        start = newline != NULL ? newline + 1 : NULL;
    }
}

/* `failure` holds what happened: make it final. Returns -1. */
int mig__stream_fail(mig__stream *stream, mig_error *err)
{
    if (stream->tunnel != NULL) {
        mig__tunnel_explain(stream->tunnel, &stream->failure);
    }
    if (stream->endpoint->host != NULL) {
        mig_error_context(&stream->failure, "%s", stream->endpoint->host);
    }
    stream->failed = true;
    return mig__stream_repeat_failure(stream, err);
}

static int fail_sending(mig__stream *stream, mig_error *err)
{
    mig_error first = stream->failure;

    while (receive_inbound(stream) == MIG__IO_DONE && stream->in_end - stream->in_start < INBOUND_MOST) {
        ;
    }
    stream->failure = first;
    keep_last_words(stream);
    return mig__stream_fail(stream, err);
}

static int fail_timeout(mig__stream *stream, const char *what, mig_error *err)
{
    mig_error_set(&stream->failure, MIG_E_TIMEOUT, "%s for %.3g seconds", what,
                  (double)mig__stream_timeout(stream) / 1000);
    return mig__stream_fail(stream, err);
}

/* One wait for `events`. Fills *ready (0: the deadline has passed). */
int mig__stream_wait(mig__stream *stream, short events, int64_t deadline, short *ready, mig_error *err)
{
    struct pollfd entries[2] = {{.fd = stream->wire.fd, .events = events}, {.fd = -1, .events = POLLIN}};

    do { /* a tunnel's command must not stand still because nobody hears its complaints */
        if (stream->tunnel != NULL) {
            entries[1].fd = mig__tunnel_fd(stream->tunnel);
        }
        if (mig__wait(entries, 2, deadline, stream->stop, &stream->failure) < 0) {
            return mig__stream_fail(stream, err);
        }
        if (stream->tunnel != NULL && entries[1].revents) {
            mig__tunnel_listen(stream->tunnel);
        }
    } while (!entries[0].revents && entries[1].revents && mig__now_ms() < deadline);
    *ready = entries[0].revents;
    return 0;
}

/* Wait until sending can go on, and take in meanwhile what the peer sends. */
static int wait_to_send(mig__stream *stream, mig__io want, int64_t *deadline, mig_error *err)
{
    bool full = stream->in_end - stream->in_start >= INBOUND_MOST;
    short events = want == MIG__IO_WANT_WRITE ? POLLOUT : POLLIN;
    uint64_t before = stream->wire.octets_in;
    short ready = 0;

    if (!*deadline) {
        *deadline = mig__now_ms() + mig__stream_timeout(stream);
    }
    if (mig__stream_wait(stream, full ? events : (short)(events | POLLIN), *deadline, &ready, err) != 0) {
        return -1;
    }
    if (!ready) {
        return fail_timeout(stream, "the server takes no data", err);
    }
    if (!full && (ready & (POLLIN | POLLHUP | POLLERR)) && receive_inbound(stream) == MIG__IO_FAILED) {
        return fail_sending(stream, err);
    }
    if (stream->wire.octets_in != before) {
        *deadline = 0;
    }
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
        if (mig_stop_level(stream->stop) >= 2) { /* a peer that takes everything at once would never be waited for */
            mig_error_set(&stream->failure, MIG_E_INTERRUPTED, "stopped while sending to the server");
            return mig__stream_fail(stream, err);
        }
        io = send_some(stream, pieces + first, 2 - first, &sent);
        if (io == MIG__IO_FAILED) {
            return fail_sending(stream, err);
        }
        if (io != MIG__IO_DONE) {
            if (wait_to_send(stream, io, &deadline, err) != 0) {
                return -1;
            }
            continue;
        }
        deadline = 0;
        while (first < 2 && sent >= pieces[first].iov_len) {
            sent -= pieces[first++].iov_len;
        }
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

/* Compress up to the end of `data`; what fills `out` is sent. */
static int write_packed(mig__stream *stream, const char *data, size_t length, bool flush, mig_error *err)
{
    bool filled;

    do {
        stream->out_length +=
            mig__deflate_pack(stream->deflate, &data, &length, flush, stream->out + stream->out_length,
                              MIG__STREAM_GATHER - stream->out_length);
        filled = stream->out_length == MIG__STREAM_GATHER;
        if (filled && transmit_gathered(stream, NULL, 0, err) != 0) {
            return -1;
        }
    } while (length || (flush && filled));
    stream->unfinished = !flush;
    return 0;
}

int mig__stream_flush(mig__stream *stream, mig_error *err)
{
    if (stream->failed) {
        return mig__stream_repeat_failure(stream, err);
    }
    if (stream->unfinished && write_packed(stream, NULL, 0, true, err) != 0) {
        return -1;
    }
    return transmit_gathered(stream, NULL, 0, err);
}

static void gather(mig__stream *stream, const char *data, size_t length)
{
    memcpy(stream->out + stream->out_length, data, length);
    stream->out_length += length;
}

/* Full records: what is gathered is filled up, the middle goes out from where it is, the end is gathered. */
static int write_records(mig__stream *stream, const char *data, size_t length, mig_error *err)
{
    size_t whole;

    if (stream->out_length) {
        size_t room = MIG__STREAM_GATHER - stream->out_length;

        gather(stream, data, room);
        data += room;
        length -= room;
        if (transmit_gathered(stream, NULL, 0, err) != 0) {
            return -1;
        }
    }
    whole = length - length % MIG__STREAM_GATHER;
    if (whole) {
        struct iovec pieces[2] = {{(void *)(uintptr_t)data, whole}, {NULL, 0}};

        if (transmit(stream, pieces, err) != 0) {
            return -1;
        }
    }
    gather(stream, data + whole, length - whole);
    return 0;
}

int mig__stream_write(mig__stream *stream, const void *data, size_t length, mig_error *err)
{
    if (stream->failed) {
        return mig__stream_repeat_failure(stream, err);
    }
    if (!length) {
        return 0;
    }
    stream->asked = true;
    stream->octets_out += length;
    if (stream->deflate != NULL) {
        return write_packed(stream, data, length, false, err);
    }
    if (length <= MIG__STREAM_GATHER - stream->out_length) {
        gather(stream, data, length);
        return 0;
    }
    return stream->tls != NULL ? write_records(stream, data, length, err)
                               : transmit_gathered(stream, data, length, err);
}

void mig__stream_drip_start(mig__stream *stream)
{
    stream->drip = (mig__drip){0, stream->received, stream->wire.octets_in, stream->wire.receives};
}

/* True when the peer has sent nothing but crumbs during a whole window of waiting. */
static bool drips(mig__stream *stream, int64_t waited)
{
    int64_t window = mig__stream_timeout(stream) < DRIP_WINDOW ? mig__stream_timeout(stream) : DRIP_WINDOW;
    uint64_t receives = stream->wire.receives - stream->drip.receives;
    uint64_t octets = stream->received - stream->drip.octets;
    uint64_t wire = stream->wire.octets_in - stream->drip.wire;
    uint64_t total;

    stream->drip.waited += waited;
    total = (uint64_t)stream->drip.waited;
    if (stream->drip.waited < window || receives < DRIP_RECEIVES) {
        return false;
    }
    if (octets * 1000 < DRIP_OCTETS * total && wire * 1000 < DRIP_WIRE * total && octets < DRIP_PIECE * receives) {
        return true;
    }
    mig__stream_drip_start(stream);
    return false;
}

/* Wait until receiving can go on. */
static int wait_to_receive(mig__stream *stream, mig__io want, int64_t *deadline, uint64_t *seen, mig_error *err)
{
    int64_t start = mig__now_ms();
    short ready = 0;

    if (stream->asked) {
        stream->asked = false;
        stream->waits++;
    }
    if (!*deadline || *seen != stream->wire.octets_in) {
        *deadline = start + mig__stream_timeout(stream);
        *seen = stream->wire.octets_in;
    }
    if (stream->until != 0 && stream->until < *deadline) {
        *deadline = stream->until;
    }
    if (mig__stream_wait(stream, want == MIG__IO_WANT_WRITE ? POLLOUT : POLLIN, *deadline, &ready, err) != 0) {
        return -1;
    }
    if (!ready && stream->until != 0 && mig__now_ms() >= stream->until) {
        mig_error_set(&stream->failure, MIG_E_TIMEOUT, "the server has not greeted for %.3g seconds",
                      (double)mig__connect_timeout(stream->endpoint) / 1000);
        mig_error_hint(&stream->failure, "check host and port, and that it is an IMAP server; one that is slow can be "
                                         "given more time with --connect-timeout");
        return mig__stream_fail(stream, err);
    }
    if (!ready) {
        return fail_timeout(stream, "the server has not answered", err);
    }
    if (drips(stream, mig__now_ms() - start)) {
        mig_error_set(&stream->failure, MIG_E_TIMEOUT, "the server sends only single octets");
        return mig__stream_fail(stream, err);
    }
    return 0;
}

static size_t take(char *out, size_t size, const char *data, size_t *start, size_t end)
{
    size_t count = size < end - *start ? size : end - *start;

    memcpy(out, data + *start, count);
    *start += count;
    return count;
}

/* Expand what has come in. Returns the octets put out, 0: more must come in, -1: `failure` is filled. */
static int64_t expand(mig__stream *stream, char *out, size_t size)
{
    const char *data = stream->in != NULL ? stream->in + stream->in_start : NULL;
    size_t length = stream->in_end - stream->in_start;
    int64_t got = mig__deflate_expand(stream->deflate, &data, &length, out, size, &stream->failure);

    stream->in_start = stream->in_end - length;
    return got;
}

/* Octets for the caller without waiting. *got is 0 when the step brought none. */
static mig__io read_some(mig__stream *stream, char *out, size_t size, size_t *got)
{
    if (stream->ready_start < stream->ready_end) {
        *got = take(out, size, stream->ready, &stream->ready_start, stream->ready_end);
        return MIG__IO_DONE;
    }
    if (stream->deflate != NULL) {
        int64_t expanded = expand(stream, out, size);

        *got = expanded > 0 ? (size_t)expanded : 0;
        if (expanded) {
            return expanded > 0 ? MIG__IO_DONE : MIG__IO_FAILED;
        }
        return receive_inbound(stream);
    }
    if (stream->in_start < stream->in_end) {
        *got = take(out, size, stream->in, &stream->in_start, stream->in_end);
        return MIG__IO_DONE;
    }
    return size >= DIRECT ? receive(stream, out, size, got) : receive_inbound(stream);
}

/*
 * TLS records without data (tickets, changes of keys) and empty blocks of the compression are octets on the wire that
 * nothing comes out of: they may not go on for ever either. 0, or -1 with `failure` filled.
 */
static int check_hollow(mig__stream *stream, uint64_t octets_before, int64_t begun)
{
    uint64_t hollow = stream->wire.octets_in - octets_before;

    if (mig_stop_level(stream->stop) >= 2) {
        return mig_error_set(&stream->failure, MIG_E_INTERRUPTED, "stopped while listening to the server");
    }
    if (hollow > HOLLOW_MOST || (hollow > 0 && mig__now_ms() - begun > HOLLOW_TIMEOUTS * mig__stream_timeout(stream))) {
        mig_error_set(&stream->failure, MIG_E_BOUNDS, "the server sends %llu octets that hold no data",
                      (unsigned long long)hollow);
        stream->failure.retry = MIG_RETRY_NEVER;
        return -1;
    }
    return 0;
}

int64_t mig__stream_read(mig__stream *stream, void *out, size_t size, mig_error *err)
{
    int64_t deadline = 0, begun = mig__now_ms();
    uint64_t seen = 0, octets_before = stream->wire.octets_in;
    size_t got = 0;

    if (stream->failed) {
        return mig__stream_repeat_failure(stream, err);
    }
    if (!size) {
        return mig_error_set(err, MIG_E_INTERNAL, "a read of no octets");
    }
    if ((stream->out_length || stream->unfinished) && mig__stream_flush(stream, err) != 0) {
        return -1;
    }
    while (!got) {
        mig__io io = read_some(stream, out, size, &got);

        if (io == MIG__IO_FAILED || (got == 0 && check_hollow(stream, octets_before, begun) != 0)) {
            return mig__stream_fail(stream, err);
        }
        if (io != MIG__IO_DONE && wait_to_receive(stream, io, &deadline, &seen, err) != 0) {
            return -1;
        }
    }
    stream->octets_in += got;
    return (int64_t)got;
}

void mig__stream_read_until(mig__stream *stream, int64_t deadline)
{
    stream->until = deadline;
}

int mig__stream_await(mig__stream *stream, int64_t deadline, mig_error *err)
{
    while (!mig__stream_readable(stream)) {
        short ready = 0;

        if (mig__stream_wait(stream, POLLIN, deadline, &ready, err) != 0) {
            return -1;
        }
        if (!ready) {
            return 0;
        }
    }
    return 1;
}

bool mig__stream_readable(mig__stream *stream)
{
    mig__io io;

    if (stream->failed || stream->ready_start < stream->ready_end) {
        return true;
    }
    if (stream->deflate == NULL && stream->in_start < stream->in_end) {
        return true;
    }
    stream->ready_start = stream->ready_end = 0;
    do { /* compressed octets may come in and still expand to none */
        io = stream->deflate != NULL ? read_some(stream, stream->ready, sizeof stream->ready, &stream->ready_end)
                                     : receive_inbound(stream);
    } while (io == MIG__IO_DONE && stream->deflate != NULL && !stream->ready_end);
    if (io == MIG__IO_FAILED) {
        mig__stream_fail(stream, NULL);
    }
    return io == MIG__IO_DONE || io == MIG__IO_FAILED;
}

void mig__stream_watch(mig__stream *stream, const mig_stop *stop)
{
    stream->stop = stop;
}

void mig__stream_stats_get(const mig__stream *stream, mig__stream_stats *out)
{
    *out = (mig__stream_stats){.octets_in = stream->octets_in,
                               .octets_out = stream->octets_out,
                               .octets_wire_in = stream->wire.octets_in,
                               .octets_wire_out = stream->wire.octets_out,
                               .waits = stream->waits};
}
