/* net/tls.c - the TLS connection itself: context, BIO over our own socket calls, handshake, records */
#include "net/tls.h"
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Enough for several records in one recv while a server streams. */
#define READ_BUFFER (64 * 1024)

struct mig__tls_context {
    SSL_CTX *ssl;
    BIO_METHOD *method;
    pthread_mutex_t lock;
    SSL_SESSION *session; /* the newest one, under `lock`; NULL: none yet */
};

struct mig__tls {
    mig__tls_peer peer; /* what SSL_get_app_data gives */
    SSL *ssl;
    mig__wire *wire;
    const mig_endpoint *endpoint;
    bool ready;  /* handshake done and checked */
    bool failed; /* nothing may be sent any more, not even close_notify */
};

/* The socket BIO of OpenSSL uses write(2) and can raise SIGPIPE; this one goes through the wire. */

static int bio_read(BIO *bio, char *out, size_t size, size_t *got)
{
    mig__tls *tls = BIO_get_data(bio);
    mig__io io = mig__wire_receive(tls->wire, out, size, got);

    BIO_clear_retry_flags(bio);
    if (io == MIG__IO_WANT_READ) {
        BIO_set_retry_read(bio);
    }
    if (io != MIG__IO_DONE) {
        return 0;
    }
    if (!tls->ready && tls->peer.first_length < MIG__TLS_FIRST) {
        size_t room = MIG__TLS_FIRST - tls->peer.first_length;
        size_t take = *got < room ? *got : room;

        memcpy(tls->peer.first + tls->peer.first_length, out, take);
        tls->peer.first_length += take;
    }
    return 1;
}

static int bio_write(BIO *bio, const char *data, size_t length, size_t *sent)
{
    mig__tls *tls = BIO_get_data(bio);
    const struct iovec piece = {.iov_base = (void *)(uintptr_t)data, .iov_len = length};
    mig__io io = mig__wire_send(tls->wire, &piece, 1, sent);

    BIO_clear_retry_flags(bio);
    if (io == MIG__IO_WANT_WRITE) {
        BIO_set_retry_write(bio);
    }
    return io == MIG__IO_DONE;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    mig__tls *tls = BIO_get_data(bio);

    (void)number;
    (void)pointer;
    if (command == BIO_CTRL_EOF) {
        return tls->wire->ended;
    }
    return command == BIO_CTRL_FLUSH;
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "mailmigrate wire");

    if (method != NULL && BIO_meth_set_read_ex(method, bio_read) != 0 &&
        BIO_meth_set_write_ex(method, bio_write) != 0 && BIO_meth_set_ctrl(method, bio_control) != 0 &&
        BIO_meth_set_create(method, bio_create) != 0) {
        return method;
    }
    BIO_meth_free(method);
    return NULL;
}

/* A library does not ask on the terminal: an encrypted key is an error. */
static int no_passphrase(char *out, int size, int writing, void *context)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

/* OpenSSL queues the cause first: what the system said of the file, or what is wrong in it. */
static int file_error(const char *what, const char *path, mig_error *err)
{
    unsigned long code = ERR_peek_error();
    const char *reason = ERR_reason_error_string(code);

    if (ERR_SYSTEM_ERROR(code)) {
        mig_error_errno(err, MIG_E_IO, ERR_GET_REASON(code), "%s %s", what, path);
    } else {
        mig_error_set(err, MIG_E_IO, "%s %s: %s", what, path, reason != NULL ? reason : "cannot be used");
    }
    ERR_clear_error();
    return mig_error_hint(err, "check that the file exists, can be read, and is in PEM form and not encrypted");
}

static int load_trust(SSL_CTX *ssl, const mig_endpoint *endpoint, mig_error *err)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ssl);

    if (endpoint->ca_file == NULL) {
        if (SSL_CTX_set_default_verify_paths(ssl) == 1) {
            return 0;
        }
        return mig_error_set(err, MIG_E_IO, "the trust store of the system cannot be used");
    }
    if (SSL_CTX_load_verify_file(ssl, endpoint->ca_file) != 1) {
        return file_error("the file of trusted certificates", endpoint->ca_file, err);
    }
    /* What is in the file is trusted as it is, also the certificate of the server itself or of an intermediate. */
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    return 0;
}

static int load_client(SSL_CTX *ssl, const mig_endpoint *endpoint, mig_error *err)
{
    const char *key = endpoint->client_key != NULL ? endpoint->client_key : endpoint->client_cert;

    if (endpoint->client_cert == NULL) {
        return 0;
    }
    if (SSL_CTX_use_certificate_chain_file(ssl, endpoint->client_cert) != 1) {
        return file_error("the client certificate", endpoint->client_cert, err);
    }
    if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(ssl) != 1) {
        return file_error("the key of the client certificate", key, err);
    }
    return 0;
}

/*
 * Keep the newest session for the next connection. The same one may serve several: that saves a whole handshake each
 * time, and what RFC 8446 appendix C.4 fears of it, that connections can be linked, is no secret after a login.
 */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    mig__tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    SSL_SESSION *old;

    pthread_mutex_lock(&context->lock);
    old = context->session;
    context->session = session;
    pthread_mutex_unlock(&context->lock);
    SSL_SESSION_free(old);
    return 1; /* it is ours now */
}

static void resume_session(mig__tls_context *context, SSL *ssl)
{
    pthread_mutex_lock(&context->lock);
    if (context->session != NULL) {
        (void)SSL_set_session(ssl, context->session); /* else a full handshake */
    }
    pthread_mutex_unlock(&context->lock);
}

static mig__tls_context *context_alloc(void)
{
    mig__tls_context *context = calloc(1, sizeof *context);

    if (context == NULL) {
        return NULL;
    }
    if (pthread_mutex_init(&context->lock, NULL) != 0) {
        free(context);
        return NULL;
    }
    context->method = make_method();
    context->ssl = SSL_CTX_new(TLS_client_method());
    if (context->method == NULL || context->ssl == NULL) {
        mig__tls_context_free(&context);
    }
    return context;
}

mig__tls_context *mig__tls_context_new(const mig_endpoint *endpoint, mig_error *err)
{
    mig__tls_context *context;

    if (endpoint->pin != NULL && mig__tls_pins_valid(endpoint->pin, err) != 0) {
        return NULL;
    }
    ERR_clear_error();
    context = context_alloc();
    if (context == NULL) {
        mig_error_set(err, MIG_E_NOMEM, "out of memory while preparing TLS");
        return NULL;
    }
    SSL_CTX_set_min_proto_version(context->ssl, endpoint->tls_min == 13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_verify(context->ssl, SSL_VERIFY_PEER, mig__tls_verify_callback);
    SSL_CTX_set_options(context->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* Between two records that hold no data the stream looks whether it should go on. */
    SSL_CTX_clear_mode(context->ssl, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_read_ahead(context->ssl, 1);
    SSL_CTX_set_default_read_buffer_len(context->ssl, READ_BUFFER);
    SSL_CTX_set_default_passwd_cb(context->ssl, no_passphrase);
    SSL_CTX_set_session_cache_mode(context->ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context->ssl, keep_session);
    SSL_CTX_set_app_data(context->ssl, context);
    if (load_trust(context->ssl, endpoint, err) != 0 || load_client(context->ssl, endpoint, err) != 0) {
        mig__tls_context_free(&context);
    }
    return context;
}

void mig__tls_context_free(mig__tls_context **context)
{
    if (*context == NULL) {
        return;
    }
    SSL_CTX_free((*context)->ssl);
    SSL_SESSION_free((*context)->session);
    BIO_meth_free((*context)->method);
    pthread_mutex_destroy(&(*context)->lock);
    free(*context);
    *context = NULL;
}

/* Whom the certificate has to name. An IP address is compared as one, and is never sent as SNI (RFC 6066 section 3). */
static bool expect_host(SSL *ssl, const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    char name[256];
    size_t length = strcspn(host, "%"); /* without the zone of a link-local address */

    if (length >= sizeof name) {
        return false;
    }
    memcpy(name, host, length);
    name[length] = '\0';
    if (inet_pton(AF_INET, name, address) == 1) {
        return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), address, 4) == 1;
    }
    if (inet_pton(AF_INET6, name, address) == 1) {
        return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), address, 16) == 1;
    }
    if (length && name[length - 1] == '.') { /* the root's dot is no part of the name in a certificate */
        name[length - 1] = '\0';
    }
    /* RFC 9525 section 6.3: never by the common name. */
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return *name && SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

mig__tls *mig__tls_new(mig__tls_context *context, mig__wire *wire, const mig_endpoint *endpoint, mig_error *err)
{
    mig__tls *tls = calloc(1, sizeof *tls);
    BIO *bio = NULL;

    if (tls == NULL) {
        goto no_memory;
    }
    tls->wire = wire;
    tls->endpoint = endpoint;
    tls->peer.port = endpoint->port;
    tls->peer.ca_file = endpoint->ca_file;
    tls->ssl = SSL_new(context->ssl);
    bio = BIO_new(context->method);
    if (tls->ssl == NULL || bio == NULL) {
        goto no_memory;
    }
    BIO_set_data(bio, tls);
    SSL_set_bio(tls->ssl, bio, bio);
    bio = NULL;
    SSL_set_app_data(tls->ssl, &tls->peer);
    SSL_set_connect_state(tls->ssl);
    if (endpoint->host == NULL || !expect_host(tls->ssl, endpoint->host)) {
        mig_error_set(err, MIG_E_USAGE, "there is no host name that the certificate could be checked against");
        goto fail;
    }
    resume_session(context, tls->ssl);
    return tls;

no_memory:
    mig_error_set(err, MIG_E_NOMEM, "out of memory while starting TLS");
fail:
    BIO_free(bio);
    if (tls != NULL) {
        tls->failed = true;
    }
    mig__tls_close(&tls);
    return NULL;
}

/* Sorts what SSL_get_error says; MIG__IO_FAILED leaves the reason in OpenSSL's queue or in the wire. */
static mig__io outcome(mig__tls *tls, int result)
{
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return MIG__IO_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return MIG__IO_WANT_WRITE;
    default:
        tls->failed = true;
        return MIG__IO_FAILED;
    }
}

/* OpenSSL 3.5 reads the header of a record alone: what a server says in plain words is then cut after five octets. */
static void take_rest_of_first(mig__tls *tls)
{
    mig__tls_peer *peer = &tls->peer;
    size_t got = 0;

    if (peer->first_length > 0 && peer->first_length < MIG__TLS_FIRST &&
        mig__wire_receive(tls->wire, peer->first + peer->first_length, MIG__TLS_FIRST - peer->first_length, &got) ==
            MIG__IO_DONE) {
        peer->first_length += got;
    }
}

size_t mig__tls_hello(void *out, size_t size)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = context != NULL ? SSL_new(context) : NULL;
    BIO *in = BIO_new(BIO_s_mem()), *hello = BIO_new(BIO_s_mem());
    int length = 0;

    if (ssl != NULL && in != NULL && hello != NULL) {
        BIO_up_ref(in);
        BIO_up_ref(hello);
        SSL_set_bio(ssl, in, hello);
        SSL_set_connect_state(ssl);
        (void)SSL_do_handshake(ssl); /* gets as far as waiting for the answer */
        length = BIO_read(hello, out, (int)size);
    }
    BIO_free(in);
    BIO_free(hello);
    SSL_free(ssl);
    SSL_CTX_free(context);
    ERR_clear_error();
    return length > 0 ? (size_t)length : 0;
}

mig__io mig__tls_handshake(mig__tls *tls, mig_error *err)
{
    X509 *certificate;
    mig__io io;
    int result;

    ERR_clear_error();
    result = SSL_do_handshake(tls->ssl);
    if (result != 1) {
        io = outcome(tls, result);
        if (io == MIG__IO_FAILED && tls->peer.verify_error != X509_V_OK) {
            mig__tls_verify_error(&tls->peer, err);
        } else if (io == MIG__IO_FAILED) {
            take_rest_of_first(tls);
            mig__tls_handshake_error(&tls->peer, tls->wire, ERR_peek_error(), err);
        }
        return io;
    }
    certificate = SSL_get0_peer_certificate(tls->ssl);
    if (certificate == NULL || SSL_get_verify_result(tls->ssl) != X509_V_OK) {
        tls->failed = true;
        mig_error_set(err, MIG_E_CERTIFICATE, "the server gave no certificate that could be checked");
        return MIG__IO_FAILED;
    }
    if (tls->endpoint->pin != NULL && mig__tls_check_pin(tls->endpoint->pin, certificate, err) != 0) {
        tls->failed = true;
        return MIG__IO_FAILED;
    }
    tls->ready = true;
    return MIG__IO_DONE;
}

/* RFC 8446 section 6.1: an end without close_notify may be an attacker's. */
static void record_error(mig__tls *tls, mig_error *err)
{
    unsigned long code = ERR_peek_error();
    const char *reason;

    if (SSL_get_shutdown(tls->ssl) & SSL_RECEIVED_SHUTDOWN && !code) {
        mig_error_set(err, MIG_E_CLOSED, "the server closed the connection");
    } else if (tls->wire->ended) {
        mig_error_set(err, MIG_E_CLOSED, "the connection was cut short (TLS ended without close_notify)");
    } else if (tls->wire->errnum) {
        mig__wire_error(tls->wire, err);
    } else {
        reason = ERR_reason_error_string(code);
        mig_error_set(err, MIG_E_TLS, "TLS failed: %s", reason != NULL ? reason : "unknown reason");
    }
}

mig__io mig__tls_read(mig__tls *tls, void *out, size_t size, size_t *got, mig_error *err)
{
    mig__io io;
    int result;

    ERR_clear_error();
    result = SSL_read_ex(tls->ssl, out, size, got);
    if (result == 1) {
        return MIG__IO_DONE;
    }
    io = outcome(tls, result);
    if (io == MIG__IO_FAILED) {
        record_error(tls, err);
    }
    return io;
}

mig__io mig__tls_write(mig__tls *tls, const void *data, size_t length, size_t *sent, mig_error *err)
{
    mig__io io;
    int result;

    ERR_clear_error();
    result = SSL_write_ex(tls->ssl, data, length, sent);
    if (result == 1) {
        return MIG__IO_DONE;
    }
    io = outcome(tls, result);
    if (io == MIG__IO_FAILED) {
        record_error(tls, err);
    }
    return io;
}

/*
 * RFC 9266 for TLS 1.3. The tls-unique of TLS 1.2 is left out: without RFC 7627, which the peer need not have, two
 * connections can be given the same one.
 */
int mig__tls_channel_binding(mig__tls *tls, const char **type, unsigned char out[64], size_t *length, mig_error *err)
{
    static const char label[] = "EXPORTER-Channel-Binding";

    *type = NULL;
    *length = 0;
    if (!tls->ready || SSL_version(tls->ssl) != TLS1_3_VERSION) {
        return 0;
    }
    ERR_clear_error();
    if (SSL_export_keying_material(tls->ssl, out, 32, label, sizeof label - 1, NULL, 0, 1) != 1) {
        ERR_clear_error();
        return mig_error_set(err, MIG_E_TLS, "TLS gives no channel binding");
    }
    *type = "tls-exporter";
    *length = 32;
    return 0;
}

void mig__tls_close(mig__tls **tls)
{
    if (*tls == NULL) {
        return;
    }
    if ((*tls)->ready && !(*tls)->failed) {
        ERR_clear_error();
        (void)SSL_shutdown((*tls)->ssl);
    }
    SSL_free((*tls)->ssl);
    X509_free((*tls)->peer.certificate);
    free(*tls);
    *tls = NULL;
    ERR_clear_error();
}
