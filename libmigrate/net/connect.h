/* net/connect.h - from a host name to a connected socket, by whichever address answers first (RFC 8305) */
#ifndef MIG_NET_CONNECT_H
#define MIG_NET_CONNECT_H

#include <migrate/error.h>
#include <migrate/stop.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The addresses of a host, for TCP. A name is looked up in a thread of its own, which is left to itself when the
 * deadline (mig__now_ms) passes or `stop` reaches level 2: getaddrinfo itself cannot be interrupted. The caller
 * releases *out with freeaddrinfo. 0, or -1 with MIG_E_DNS, MIG_E_TIMEOUT, MIG_E_INTERRUPTED, MIG_E_NOMEM.
 */
int mig__resolve(const char *host, uint16_t port, const mig_stop *stop, int64_t deadline, struct addrinfo **out,
                 mig_error *err);

/*
 * Connect to the first of `addresses` that answers, tried in the order given but with the families in turn; the next
 * one starts 250 ms after the last one, or at once when that one fails. `host` and `port` are for messages. Returns a
 * non-blocking descriptor of the caller's with TCP_NODELAY, keep-alive and CLOEXEC set; or -1 with MIG_E_CONNECT,
 * MIG_E_TIMEOUT, MIG_E_INTERRUPTED.
 */
int mig__connect_addresses(const struct addrinfo *addresses, const char *host, uint16_t port, const mig_stop *stop,
                           int64_t deadline, mig_error *err);

#define MIG__NOT_LOCAL (-2)

/*
 * Both together. With `local_only` nothing is connected to unless every address is this machine's: MIG__NOT_LOCAL, and
 * `err` is left alone.
 */
int mig__connect(const char *host, uint16_t port, bool local_only, const mig_stop *stop, int64_t deadline,
                 mig_error *err);

/* True when the peer of a socket is this machine: 127.0.0.0/8, ::1, ::ffff:127.0.0.0/8, or a local socket. */
bool mig__peer_is_local(int fd);

#endif
