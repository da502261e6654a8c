/* live/access.c - who may look: the Host that a request names, the certificate, the token */
#include "live/access.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { MOST_PEM = 256 * 1024, TOKEN_OCTETS = (MIG__TOKEN_SIZE - 1) / 2 };

static int make_token(char out[MIG__TOKEN_SIZE], mig_error *err)
{
    unsigned char octets[TOKEN_OCTETS];
    if (RAND_bytes(octets, sizeof octets) != 1) {
        return mig_error_set(err, MIG_E_IO, "there are no random numbers for a token");
    }
    for (size_t i = 0; i < sizeof octets; i++) {
        snprintf(out + 2 * i, 3, "%02x", octets[i]);
    }
    return 0;
}

int mig__access_init(mig__access *access, const char *pem, mig_error *err)
{
    *access = (mig__access){.loopback = pem == NULL};
    if (pem == NULL) {
        return 0;
    }
    BIO *memory = BIO_new_mem_buf(pem, -1);
    access->cert = memory != NULL ? PEM_read_bio_X509(memory, NULL, NULL, NULL) : NULL;
    BIO_free(memory);
    if (access->cert == NULL) {
        return mig_error_set(err, MIG_E_CERTIFICATE, "the certificate for the page is no PEM certificate");
    }
    return make_token(access->token, err);
}

void mig__access_clear(mig__access *access)
{
    X509_free(access->cert);
    OPENSSL_cleanse(access->token, sizeof access->token);
    *access = (mig__access){.loopback = true};
}

bool mig__access_host(const mig__access *access, const char *header)
{
    char name[256];
    if (!mig__host_name(header, name, sizeof name)) {
        return false;
    }
    if (access->loopback) {
        return mig__host_is_loopback(name);
    }
    return X509_check_ip_asc(access->cert, name, 0) == 1 || X509_check_host(access->cert, name, 0, 0, NULL) == 1;
}

bool mig__access_token(const mig__access *access, const char *cookie, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    if (access->loopback) {
        return true;
    }
    if (authorization != NULL && strncasecmp(authorization, scheme, sizeof scheme - 1) == 0) {
        return mig__token_equal(authorization + sizeof scheme - 1, access->token);
    }
    return mig__token_equal(cookie, access->token);
}

int mig__access_read_pem(const char *path, mig__buffer *out, mig_error *err)
{
    char piece[4096];
    ssize_t got = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "%s cannot be read", path);
    }
    if (!mig__buffer_reserve(out, sizeof piece)) {
        close(fd);
        return mig__buffer_ok(out, err);
    }
    while (out->length <= MOST_PEM && (got = read(fd, piece, sizeof piece)) > 0) {
        mig__buffer_add(out, piece, (size_t)got);
    }
    const int problem = errno;
    OPENSSL_cleanse(piece, sizeof piece);
    close(fd);
    if (got < 0) {
        return mig_error_errno(err, MIG_E_IO, problem, "%s cannot be read", path);
    }
    if (out->length == 0 || out->length > MOST_PEM) {
        return mig_error_set(err, MIG_E_CERTIFICATE, "%s is %s", path,
                             out->length == 0 ? "empty" : "too large for PEM");
    }
    return mig__buffer_ok(out, err);
}
