/* net/peek.c - a short talk to a server that is looked at, not trusted */
#include "net/peek.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "net/wait.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct mig__peek {
    int fd;
    int64_t deadline;
    SSL_CTX *context;
    SSL *ssl;
    char in[4096];
    size_t at, filled;
};

/* ---- connecting ---- */

static socklen_t make_address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        return sizeof *four;
    }
    if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        return sizeof *six;
    }
    return 0;
}

/* 0, or the errno; ETIMEDOUT also for our own deadline. */
static int connect_to(int fd, const struct sockaddr_storage *address, socklen_t length, int64_t deadline)
{
    int failed = 0;
    socklen_t size = sizeof failed;
    if (connect(fd, (const struct sockaddr *)address, length) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return errno;
    }
    if (!mig__wait_for(fd, POLLOUT, deadline)) {
        return ETIMEDOUT;
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) == 0 ? failed : errno;
}

mig__peek *mig__peek_open(const char *address, uint16_t port, int timeout_ms, mig__peek_reach *reach, char *why,
                          size_t size)
{
    struct sockaddr_storage to;
    const socklen_t length = make_address(address, port, &to);
    const int64_t deadline = mig__now_ms() + timeout_ms;
    *reach = MIG__PEEK_UNREACHABLE;
    int fd = length > 0 ? socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
    int failed = fd < 0 ? (length > 0 ? errno : EINVAL) : connect_to(fd, &to, length, deadline);
    mig__peek *peek = failed == 0 ? calloc(1, sizeof *peek) : NULL;
    if (peek == NULL) {
        char words[96] = "";
        if (failed == ECONNREFUSED) {
            *reach = MIG__PEEK_REFUSED;
        } else if (failed == ETIMEDOUT) {
            *reach = MIG__PEEK_SILENT;
        }
        if (strerror_r(failed != 0 ? failed : ENOMEM, words, sizeof words) != 0) {
            words[0] = '\0';
        }
        snprintf(why, size, "%s", words);
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    peek->fd = fd;
    peek->deadline = deadline;
    *reach = MIG__PEEK_OPEN;
    return peek;
}

void mig__peek_local(const mig__peek *peek, char out[46])
{
    struct sockaddr_storage own;
    socklen_t length = sizeof own;
    out[0] = '\0';
    if (getsockname(peek->fd, (struct sockaddr *)&own, &length) == 0) {
        const void *octets = own.ss_family == AF_INET6 ? (const void *)&((struct sockaddr_in6 *)&own)->sin6_addr
                                                       : (const void *)&((struct sockaddr_in *)&own)->sin_addr;
        if (inet_ntop(own.ss_family, octets, out, 46) == NULL) {
            out[0] = '\0';
        }
    }
}

/* ---- octets ---- */

/* True when the TLS call is to be repeated. */
static bool wait_for_tls(mig__peek *peek, int result)
{
    switch (SSL_get_error(peek->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return mig__wait_for(peek->fd, POLLIN, peek->deadline);
    case SSL_ERROR_WANT_WRITE:
        return mig__wait_for(peek->fd, POLLOUT, peek->deadline);
    default:
        return false;
    }
}

static bool fill(mig__peek *peek)
{
    for (;;) {
        ssize_t got;
        if (peek->ssl != NULL) {
            ERR_clear_error();
            got = SSL_read(peek->ssl, peek->in, (int)sizeof peek->in);
            if (got <= 0 && wait_for_tls(peek, (int)got)) {
                continue;
            }
        } else {
            got = recv(peek->fd, peek->in, sizeof peek->in, 0);
            if (got < 0 && (errno == EAGAIN || errno == EINTR) && mig__wait_for(peek->fd, POLLIN, peek->deadline)) {
                continue;
            }
        }
        peek->at = 0;
        peek->filled = got > 0 ? (size_t)got : 0;
        return got > 0;
    }
}

bool mig__peek_line(mig__peek *peek, char *line, size_t size)
{
    char raw[1024];
    size_t length = 0;
    for (size_t seen = 0; seen < 65536; seen++) {
        if (peek->at == peek->filled && !fill(peek)) {
            return false;
        }
        const char c = peek->in[peek->at++];
        if (c == '\n') {
            mig__inert(raw, length > 0 && raw[length - 1] == '\r' ? length - 1 : length, line, size);
            return true;
        }
        if (length < sizeof raw) {
            raw[length++] = c;
        }
    }
    return false;
}

bool mig__peek_say(mig__peek *peek, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        ssize_t sent;
        if (peek->ssl != NULL) {
            ERR_clear_error();
            sent = SSL_write(peek->ssl, text, (int)left);
            if (sent <= 0 && wait_for_tls(peek, (int)sent)) {
                continue;
            }
        } else {
            sent = send(peek->fd, text, left, MSG_NOSIGNAL);
            if (sent < 0 && (errno == EAGAIN || errno == EINTR) && mig__wait_for(peek->fd, POLLOUT, peek->deadline)) {
                continue;
            }
        }
        if (sent <= 0) {
            return false;
        }
        text += sent;
        left -= (size_t)sent;
    }
    return true;
}

/* ---- certificates ---- */

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm parts;
    if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1) {
        return 0;
    }
    return mig__days_from_civil(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday) * 86400 + parts.tm_hour * 3600 +
           parts.tm_min * 60 + parts.tm_sec;
}

static void list_names(X509 *certificate, char *out, size_t size)
{
    mig__buffer names = MIG__BUFFER_INIT;
    GENERAL_NAMES *all = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; all != NULL && i < sk_GENERAL_NAME_num(all); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
        if (name->type == GEN_DNS) {
            mig__buffer_addf(&names, "%s%.*s", names.length > 0 ? ", " : "", ASN1_STRING_length(name->d.dNSName),
                             (const char *)ASN1_STRING_get0_data(name->d.dNSName));
        }
    }
    GENERAL_NAMES_free(all);
    mig__inert(names.data != NULL ? names.data : "", names.length, out, size);
    mig__buffer_free(&names);
}

static bool take_certificate(X509 *certificate, mig__peek_certificate *out)
{
    const int lengths[2] = {i2d_X509(certificate, &out->der[0]),
                            i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &out->der[1])};
    for (int which = 0; which < 2; which++) {
        if (lengths[which] <= 0) {
            return false;
        }
        out->length[which] = (size_t)lengths[which];
        if (EVP_Digest(out->der[which], out->length[which], out->sha256[which], NULL, EVP_sha256(), NULL) != 1 ||
            EVP_Digest(out->der[which], out->length[which], out->sha512[which], NULL, EVP_sha512(), NULL) != 1) {
            return false;
        }
    }
    return true;
}

static void clear_certificate(mig__peek_certificate *certificate)
{
    OPENSSL_free(certificate->der[0]);
    OPENSSL_free(certificate->der[1]);
    *certificate = (mig__peek_certificate){.length = {0, 0}};
}

void mig__peek_tls_clear(mig__peek_tls *tls)
{
    for (size_t i = 0; i < tls->count; i++) {
        clear_certificate(&tls->chain[i]);
    }
    *tls = (mig__peek_tls){.trusted = false};
}

static void describe(mig__peek *peek, const char *name, mig__peek_tls *out)
{
    X509 *own = SSL_get0_peer_certificate(peek->ssl);
    const STACK_OF(X509) *chain = SSL_get_peer_cert_chain(peek->ssl);
    const long verified = SSL_get_verify_result(peek->ssl);
    snprintf(out->version, sizeof out->version, "%s", SSL_get_version(peek->ssl));
    out->trusted = own != NULL && verified == X509_V_OK;
    if (!out->trusted) {
        snprintf(out->distrust, sizeof out->distrust, "%s",
                 own == NULL ? "the server showed none" : X509_verify_cert_error_string(verified));
    }
    if (own == NULL) {
        return;
    }
    out->name_fits = name[0] != '\0' && X509_check_host(own, name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
    out->begins = seconds_of(X509_get0_notBefore(own));
    out->ends = seconds_of(X509_get0_notAfter(own));
    list_names(own, out->names, sizeof out->names);
    for (int i = 0; chain != NULL && i < sk_X509_num(chain) && out->count < MIG__PEEK_CHAIN; i++) {
        mig__peek_certificate *next = &out->chain[out->count];
        if (!take_certificate(sk_X509_value(chain, i), next)) {
            clear_certificate(next);
            return;
        }
        out->count++;
    }
}

/* ---- TLS ---- */

/* The chain is judged, and the handshake goes on. */
static int go_on(int accepted, X509_STORE_CTX *store)
{
    (void)accepted;
    (void)store;
    return 1;
}

static SSL_CTX *make_context(const char *ca_file)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        return NULL;
    }
    const int loaded = ca_file != NULL ? SSL_CTX_load_verify_locations(context, ca_file, NULL)
                                       : SSL_CTX_set_default_verify_paths(context);
    if (loaded != 1) {
        ERR_clear_error(); /* then nothing is trusted, which is told */
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, go_on);
    return context;
}

bool mig__peek_start_tls(mig__peek *peek, const char *name, const char *ca_file, mig__peek_tls *out, char *why,
                         size_t size)
{
    *out = (mig__peek_tls){.trusted = false};
    snprintf(why, size, "the server sent more than it was asked for before TLS began");
    if (peek->at != peek->filled) {
        return false;
    }
    snprintf(why, size, "out of memory");
    peek->context = make_context(ca_file);
    SSL *ssl = peek->context != NULL ? SSL_new(peek->context) : NULL;
    if (ssl == NULL || SSL_set_fd(ssl, peek->fd) != 1 ||
        (name[0] != '\0' && SSL_set_tlsext_host_name(ssl, name) != 1)) {
        SSL_free(ssl);
        return false;
    }
    peek->ssl = ssl;
    int result;
    do {
        ERR_clear_error();
        result = SSL_connect(ssl);
    } while (result != 1 && wait_for_tls(peek, result));
    if (result != 1) {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());
        snprintf(why, size, "%s", reason != NULL ? reason : "the server went away, or did not answer in time");
        return false;
    }
    why[0] = '\0';
    describe(peek, name, out);
    return true;
}

void mig__peek_close(mig__peek **peek)
{
    if (*peek != NULL) {
        SSL_free((*peek)->ssl);
        SSL_CTX_free((*peek)->context);
        close((*peek)->fd);
        free(*peek);
        *peek = NULL;
    }
}
