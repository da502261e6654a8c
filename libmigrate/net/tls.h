/*
 * net/tls.h - TLS as a client, by OpenSSL, without blocking
 *
 * TLS 1.2 or newer (RFC 8446, RFC 5246). The server's certificate is checked against the trust store of the system, or
 * against endpoint->ca_file alone, and against the host name or IP address (RFC 6125); no part of a name but its whole
 * first label may be a wildcard. endpoint->pin is checked in addition, as curl's --pinnedpubkey: it narrows, it never
 * replaces the chain. A self-signed server is reached by giving its certificate as ca_file.
 */
#ifndef MIG_NET_TLS_H
#define MIG_NET_TLS_H

#include "net/tls_context.h"
#include "net/wire.h"
#include <openssl/ssl.h>

/* One connection over `wire`, which must outlive it. */
typedef struct mig__tls mig__tls;

mig__tls *mig__tls_new(mig__tls_context *context, mig__wire *wire, const mig_endpoint *endpoint, mig_error *err);

/* A step of the handshake; MIG__IO_DONE only when the server has passed every check. */
mig__io mig__tls_handshake(mig__tls *tls, mig_error *err);

/* Read or write once. Writes cut records of 16 KiB; an unfinished write is repeated with the same octets. */
mig__io mig__tls_read(mig__tls *tls, void *out, size_t size, size_t *got, mig_error *err);
mig__io mig__tls_write(mig__tls *tls, const void *data, size_t length, size_t *sent, mig_error *err);

/* As mig__stream_channel_binding. */
int mig__tls_channel_binding(mig__tls *tls, const char **type, unsigned char out[64], size_t *length, mig_error *err);

/* A ClientHello for a server of which only one thing is to be known: whether it answers in TLS. Returns its length. */
size_t mig__tls_hello(void *out, size_t size);

/* Send close_notify if the connection is sound, and release. Sets *tls to NULL; NULL is fine. */
void mig__tls_close(mig__tls **tls);

/* For tls.c: the checks and the words for their failures, in tls_verify.c. */

#define MIG__TLS_FIRST 64

/* What is remembered of a handshake to tell why it failed. */
typedef struct mig__tls_peer {
    unsigned port;
    const char *ca_file; /* what is trusted; NULL: the trust store of the system. Borrowed */
    int verify_error;    /* X509_V_ERR_..., X509_V_OK: none */
    int verify_depth;
    X509 *certificate;          /* the one that was refused, owned */
    bool alone;                 /* the server sent its own certificate and nothing else */
    char first[MIG__TLS_FIRST]; /* the first octets that came in */
    size_t first_length;
} mig__tls_peer;

int mig__tls_verify_callback(int accepted, X509_STORE_CTX *store); /* finds the peer by SSL_get_app_data */
int mig__tls_pins_valid(const char *pins, mig_error *err);
int mig__tls_check_pin(const char *pins, X509 *certificate, mig_error *err);
int mig__tls_verify_error(const mig__tls_peer *peer, mig_error *err);
int mig__tls_handshake_error(const mig__tls_peer *peer, const mig__wire *wire, unsigned long code, mig_error *err);

#endif
