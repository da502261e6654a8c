/* unit/net/certificate.h - certificates made on the spot, as broken as a test wants them */
#ifndef UNIT_NET_CERTIFICATE_H
#define UNIT_NET_CERTIFICATE_H

#include "net/peer.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

typedef struct test_certificate {
    X509 *x509;
    EVP_PKEY *key;
} test_certificate;

typedef struct certificate_options {
    const char *name;               /* common name */
    const char *alternatives;       /* "DNS:host,IP:127.0.0.1", NULL: none */
    const test_certificate *issuer; /* NULL: self-signed */
    bool authority;
    long from_days, until_days; /* from now; 0 and 0: yesterday to tomorrow */
} certificate_options;

static inline void certificate_extend(X509 *x509, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static inline test_certificate certificate_make(certificate_options options)
{
    static atomic_long serial = 1;
    test_certificate made = {X509_new(), EVP_EC_gen("P-256")};
    X509_NAME *name = X509_get_subject_name(made.x509);
    bool dated = options.from_days || options.until_days;

    assert_non_null(made.key);
    X509_set_version(made.x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.x509), atomic_fetch_add(&serial, 1));
    X509_time_adj_ex(X509_getm_notBefore(made.x509), dated ? (int)options.from_days : -1, 0, NULL);
    X509_time_adj_ex(X509_getm_notAfter(made.x509), dated ? (int)options.until_days : 1, 0, NULL);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)options.name, -1, -1, 0);
    X509_set_issuer_name(made.x509, options.issuer ? X509_get_subject_name(options.issuer->x509) : name);
    X509_set_pubkey(made.x509, made.key);
    if (options.authority) {
        certificate_extend(made.x509, NID_basic_constraints, "critical,CA:TRUE");
    }
    if (options.alternatives) {
        certificate_extend(made.x509, NID_subject_alt_name, options.alternatives);
    }
    assert_true(X509_sign(made.x509, options.issuer ? options.issuer->key : made.key, EVP_sha256()) > 0);
    return made;
}

static inline void certificate_free(test_certificate *certificate)
{
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->key);
    memset(certificate, 0, sizeof *certificate);
}

static inline void certificate_write(const test_certificate *certificate, bool with_key, const char *path)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, certificate->x509), 1);
    if (with_key) {
        assert_int_equal(PEM_write_PrivateKey(file, certificate->key, NULL, NULL, 0, NULL, NULL), 1);
    }
    fclose(file);
}

/* base64(SHA-256(SubjectPublicKeyInfo)), by another way than the code that is tested. */
static inline void certificate_pin(const test_certificate *certificate, char out[64])
{
    unsigned char *key = NULL, digest[32];
    int length = i2d_PUBKEY(certificate->key, &key);

    assert_true(length > 0);
    assert_int_equal(EVP_Digest(key, (size_t)length, digest, NULL, EVP_sha256(), NULL), 1);
    strcpy(out, "sha256//");
    EVP_EncodeBlock((unsigned char *)out + 8, digest, 32);
    OPENSSL_free(key);
}

/* A server with this certificate, and `middle` sent along when not NULL. */
static inline SSL_CTX *certificate_server(const test_certificate *certificate, const test_certificate *middle)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    assert_non_null(context);
    assert_int_equal(SSL_CTX_use_certificate(context, certificate->x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, certificate->key), 1);
    if (middle) {
        assert_int_equal(SSL_CTX_add1_chain_cert(context, middle->x509), 1);
    }
    SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY);
    return context;
}

#endif
