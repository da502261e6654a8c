/*
 * unit/imap/wire_tls.h - a certificate and the TLS of a scripted server
 *
 * The server's context is a tls_side, or begins with one.
 */
#ifndef UNIT_IMAP_WIRE_TLS_H
#define UNIT_IMAP_WIRE_TLS_H

#include "imap/wire_server.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/time.h>

typedef struct tls_side {
    SSL_CTX *context;
    SSL *ssl;
    char directory[64], ca_file[96];
    bool trusted; /* the client is given the certificate as its trust store */
} tls_side;

static inline ssize_t tls_read(wire_server *server, void *out, size_t size)
{
    return SSL_read(((tls_side *)server->context)->ssl, out, (int)size);
}

static inline ssize_t tls_write(wire_server *server, const void *data, size_t size)
{
    return SSL_write(((tls_side *)server->context)->ssl, data, (int)size);
}

static inline void accept_tls(wire_server *server)
{
    tls_side *side = server->context;
    const struct timeval wait = {.tv_sec = WIRE_WAIT_MS / 1000};
    setsockopt(server->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    side->ssl = SSL_new(side->context);
    SSL_set_fd(side->ssl, server->fd);
    if (SSL_accept(side->ssl) != 1) {
        if (side->trusted) {
            wire_problem(server, "the TLS handshake fails", "", 0, NULL, 0);
        }
        return;
    }
    server->read = tls_read;
    server->write = tls_write;
}

static inline void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* A certificate for 127.0.0.1, signed by itself, in a file of its own. */
static inline void make_side(tls_side *side)
{
    *side = (tls_side){.trusted = true};
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    assert_non_null(key);
    assert_non_null(certificate);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"wire test", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, NID_subject_alt_name, "IP:127.0.0.1");
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);

    snprintf(side->directory, sizeof side->directory, "/tmp/mig-tls-XXXXXX");
    assert_non_null(mkdtemp(side->directory));
    snprintf(side->ca_file, sizeof side->ca_file, "%s/ca.pem", side->directory);
    FILE *file = fopen(side->ca_file, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    assert_int_equal(fclose(file), 0);

    side->context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(side->context, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(side->context, key), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static inline void drop_side(tls_side *side)
{
    SSL_free(side->ssl);
    SSL_CTX_free(side->context);
    unlink(side->ca_file);
    rmdir(side->directory);
}

static inline mig_endpoint starttls_endpoint(tls_side *side)
{
    mig_endpoint endpoint = wire_endpoint();
    endpoint.tls = MIG_TLS_STARTTLS;
    endpoint.ca_file = side->trusted ? side->ca_file : NULL;
    return endpoint;
}

#endif
