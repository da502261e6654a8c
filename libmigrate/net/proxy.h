/*
 * net/proxy.h - through a SOCKS5 (RFC 1928, RFC 1929) or HTTP CONNECT (RFC 9110 section 9.3.6) proxy
 *
 * Done here and not by libcurl: it is two short dialogues, and the socket has to obey our deadlines and stop flag and
 * carry our TLS. The proxy looks the host name up, since the one who needs a proxy often has no name server either.
 */
#ifndef MIG_NET_PROXY_H
#define MIG_NET_PROXY_H

#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/stop.h>
#include <stdint.h>

/*
 * A descriptor that leads to endpoint->host:port by way of endpoint->proxy, as mig__connect gives it; or -1 with what
 * mig__connect fails with, MIG_E_USAGE (no proxy URL), MIG_E_AUTH (login refused), MIG_E_CONNECT (the proxy cannot
 * or will not), MIG_E_PROTOCOL.
 */
int mig__proxy_connect(const mig_endpoint *endpoint, const mig_stop *stop, int64_t deadline, mig_error *err);

#endif
