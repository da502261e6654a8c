/*
 * net/stream.h - octets to and from a server: TCP, TLS by OpenSSL, deadlines, counters
 *
 * A stream belongs to one thread at a time. Every failure is sticky: after the first one each call fails with the same
 * error, and nothing is sent any more. The end of the stream is a failure (MIG_E_CLOSED); a TLS connection cut without
 * close_notify is one as well, so that a cut is never taken for the end of anything.
 */
#ifndef MIG_NET_STREAM_H
#define MIG_NET_STREAM_H

#include "net/tls_context.h"
#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/log.h>
#include <migrate/stop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mig__stream mig__stream;

typedef struct mig__stream_stats {
    uint64_t octets_in; /* of the application protocol, before TLS (after COMPRESS) */
    uint64_t octets_out;
    uint64_t octets_wire_in; /* as they travel: after TLS and COMPRESS */
    uint64_t octets_wire_out;
    uint64_t waits; /* how often a read had to wait for the peer after something was written: round trips */
} mig__stream_stats;

/*
 * Connect to endpoint->host:port: all addresses, IPv6 and IPv4 side by side (RFC 8305: 250 ms head start), or by way of
 * endpoint->proxy, or by endpoint->tunnel, within connect_timeout_ms; then, for MIG_TLS_IMPLICIT, the handshake, within
 * connect_timeout_ms again, with the checks below. MIG_TLS_STARTTLS and MIG_TLS_NONE give a plain stream; MIG_TLS_NONE
 * to an address that is not loopback, or through a proxy, fails with MIG_E_CLEARTEXT unless allow_cleartext. Sets
 * TCP_NODELAY, keep-alive, CLOEXEC. `stop` (may be NULL) at level 2 ends every wait within 250 ms with
 * MIG_E_INTERRUPTED. `endpoint` and `stop` must outlive the stream.
 * Errors: MIG_E_DNS, MIG_E_CONNECT, MIG_E_TIMEOUT, MIG_E_CLOSED, MIG_E_TLS, MIG_E_CERTIFICATE, MIG_E_CLEARTEXT,
 * MIG_E_INTERRUPTED, MIG_E_NOMEM; MIG_E_IO (a certificate file, or the tunnel command cannot be started); MIG_E_USAGE
 * (pin or proxy malformed); from a proxy MIG_E_AUTH, MIG_E_PROTOCOL, MIG_E_BOUNDS and what its secret callback says.
 */
mig__stream *mig__stream_open(const mig_endpoint *endpoint, const mig_stop *stop, mig_error *err);

/*
 * The same with a context that other streams to the same endpoint share, so that TLS begins where an earlier one left
 * off. `context` must outlive the stream.
 */
mig__stream *mig__stream_open_shared(const mig_endpoint *endpoint, mig__tls_context *context, const mig_stop *stop,
                                     mig_error *err);

/* Wrap a connected socket, which is the stream's from now on, also on failure: for tests. */
mig__stream *mig__stream_from_fd(int fd, const mig_endpoint *endpoint, const mig_stop *stop, mig_error *err);

/*
 * Start TLS on a plain stream, after the tagged OK to STARTTLS. Fails with MIG_E_TLS when octets were received beyond
 * that OK (injection): the caller must have consumed exactly its line. TLS 1.2 or newer; trust store of the system or
 * endpoint->ca_file; host name or IP address check (RFC 6125); SNI for names; endpoint->pin when set.
 */
int mig__stream_start_tls(mig__stream *stream, mig_error *err);

/*
 * Start COMPRESS=DEFLATE (RFC 4978), after the tagged OK to it: whatever comes in from here on is expanded, whatever is
 * written is compressed. The caller must have consumed exactly its line. A flush makes what was written readable for
 * the peer.
 */
int mig__stream_start_deflate(mig__stream *stream, mig_error *err);

bool mig__stream_is_tls(const mig__stream *stream);

/* How long a read waits without progress, in milliseconds. */
int64_t mig__stream_timeout(const mig__stream *stream);

/*
 * What ties a login to this very TLS connection (RFC 5056): both ends compute the same octets, somebody in between can
 * not. *type is the registered name of the binding, or NULL when the connection has none: it is plain, or older than
 * TLS 1.3. 0, or -1 with MIG_E_TLS.
 */
int mig__stream_channel_binding(mig__stream *stream, const char **type, unsigned char out[64], size_t *length,
                                mig_error *err);

/*
 * Wait for at least one octet and read at most `size`. Returns how many (> 0) or -1. What was written is flushed first.
 * The deadline is endpoint->timeout_ms without progress; a peer that sends single octets, less than a few a second over
 * a whole minute of waiting, ends in MIG_E_TIMEOUT too (whole lines, however rare, do not).
 */
int64_t mig__stream_read(mig__stream *stream, void *out, size_t size, mig_error *err);

/* True when a read would not have to wait. */
bool mig__stream_readable(mig__stream *stream);

/* Wait until it is, or `deadline` (mig__now_ms) has passed. 1, 0, or -1. */
int mig__stream_await(mig__stream *stream, int64_t deadline, mig_error *err);

/* From now on this is what ends waiting; NULL: nothing does. */
void mig__stream_watch(mig__stream *stream, const mig_stop *stop);

/* From now on reads fail when `deadline` has passed, whatever came: for the greeting. 0: no longer. */
void mig__stream_read_until(mig__stream *stream, int64_t deadline);

/* How long connecting may take, and then the greeting, in milliseconds. */
int64_t mig__connect_timeout(const mig_endpoint *endpoint);

/*
 * Whether the server waits for TLS where it was expected to greet in plain text: asked on a connection of its own,
 * until `deadline` at most. False also when it can not be known (through a tunnel, no answer, stopped).
 */
bool mig__speaks_tls(const mig_endpoint *endpoint, const mig_stop *stop, int64_t deadline);

/*
 * Queue octets; small pieces are gathered, large ones go out at once without being copied. While the peer does not
 * take data, what it sends is received into the stream's inbound buffer (up to 1 MiB), so that two full directions
 * cannot block each other. 0 or -1.
 */
int mig__stream_write(mig__stream *stream, const void *data, size_t length, mig_error *err);
int mig__stream_flush(mig__stream *stream, mig_error *err);

void mig__stream_stats_get(const mig__stream *stream, mig__stream_stats *out);

/* Close at once, without a goodbye beyond close_notify (not waited for). Sets *stream to NULL; NULL is fine. */
void mig__stream_close(mig__stream **stream);

#endif
