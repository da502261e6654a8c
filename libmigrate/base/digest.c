/* base/digest.c - SHA-256 by OpenSSL: the only file of base/ that includes its headers */
#include "base/digest.h"
#include "base/buffer.h"
#include "base/canonical.h"
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct mig__sha256 {
    EVP_MD *method;
    EVP_MD_CTX *context;
};

enum { KEPT_MOST = 256 << 10 };

struct mig__digester {
    mig__sha256 *raw;
    mig__sha256 *canonical;
    mig__canonical form;
    uint64_t octets;
    mig__canonical_known *known; /* NULL: every form is made */
    void *known_context;
    mig__buffer kept; /* what the form was not made of yet */
    bool keeping;
};

static int failed(mig_error *err)
{
    return mig_error_set(err, MIG_E_INTERNAL, "OpenSSL can not compute SHA-256");
}

mig__sha256 *mig__sha256_new(mig_error *err)
{
    mig__sha256 *sha256 = calloc(1, sizeof *sha256);
    if (!sha256) {
        mig_error_set(err, MIG_E_NOMEM, "no memory for a digest");
        return NULL;
    }
    sha256->method = EVP_MD_fetch(NULL, "SHA256", NULL); /* once: a look-up by name for every message costs */
    sha256->context = EVP_MD_CTX_new();
    if (!sha256->method || !sha256->context) {
        failed(err);
        mig__sha256_free(&sha256);
    }
    return sha256;
}

int mig__sha256_begin(mig__sha256 *sha256, mig_error *err)
{
    return EVP_DigestInit_ex2(sha256->context, sha256->method, NULL) == 1 ? 0 : failed(err);
}

int mig__sha256_add(mig__sha256 *sha256, const void *data, size_t length, mig_error *err)
{
    return EVP_DigestUpdate(sha256->context, data, length) == 1 ? 0 : failed(err);
}

int mig__sha256_end(mig__sha256 *sha256, uint8_t out[MIG__DIGEST_SIZE], mig_error *err)
{
    return EVP_DigestFinal_ex(sha256->context, out, NULL) == 1 ? 0 : failed(err);
}

void mig__sha256_free(mig__sha256 **sha256)
{
    if (*sha256) {
        EVP_MD_CTX_free((*sha256)->context);
        EVP_MD_free((*sha256)->method);
        free(*sha256);
        *sha256 = NULL;
    }
}

static int add_canonical(const void *data, size_t length, void *context, mig_error *err)
{
    return mig__sha256_add(context, data, length, err);
}

mig__digester *mig__digester_new(mig_error *err)
{
    mig__digester *digester = calloc(1, sizeof *digester);
    if (!digester) {
        mig_error_set(err, MIG_E_NOMEM, "no memory for a digest");
        return NULL;
    }
    digester->raw = mig__sha256_new(err);
    digester->canonical = digester->raw ? mig__sha256_new(err) : NULL;
    if (!digester->canonical) {
        mig__digester_free(&digester);
    }
    return digester;
}

void mig__digester_ask(mig__digester *digester, mig__canonical_known *known, void *context)
{
    digester->known = known;
    digester->known_context = context;
}

int mig__digester_begin(mig__digester *digester, mig_error *err)
{
    digester->octets = 0;
    digester->keeping = digester->known != NULL;
    mig__buffer_clear(&digester->kept);
    mig__canonical_begin(&digester->form, MIG_RULES_ALL, add_canonical, digester->canonical);
    return mig__sha256_begin(digester->raw, err) < 0 ? -1 : mig__sha256_begin(digester->canonical, err);
}

/* The form of what was kept, and from now on of everything at once. */
static int stop_keeping(mig__digester *digester, mig_error *err)
{
    digester->keeping = false;
    return mig__canonical_add(&digester->form, digester->kept.data, digester->kept.length, err);
}

int mig__digester_add(mig__digester *digester, const void *data, size_t length, mig_error *err)
{
    digester->octets += length;
    if (mig__sha256_add(digester->raw, data, length, err) < 0) {
        return -1;
    }
    if (digester->keeping && digester->octets <= KEPT_MOST) {
        mig__buffer_add(&digester->kept, data, length);
        return mig__buffer_ok(&digester->kept, err);
    }
    if (digester->keeping && stop_keeping(digester, err) < 0) {
        return -1;
    }
    return mig__canonical_add(&digester->form, data, length, err);
}

int mig__digester_end(mig__digester *digester, mig__message_digest *out, mig_error *err)
{
    out->octets = digester->octets;
    if (mig__sha256_end(digester->raw, out->raw, err) < 0) {
        return -1;
    }
    if (digester->keeping && digester->known(out->raw, out->canonical, digester->known_context)) {
        return 0;
    }
    if (digester->keeping && stop_keeping(digester, err) < 0) {
        return -1;
    }
    return mig__canonical_end(&digester->form, err) < 0 ? -1
                                                        : mig__sha256_end(digester->canonical, out->canonical, err);
}

void mig__digester_free(mig__digester **digester)
{
    if (*digester) {
        mig__sha256_free(&(*digester)->raw);
        mig__sha256_free(&(*digester)->canonical);
        mig__buffer_free(&(*digester)->kept);
        free(*digester);
        *digester = NULL;
    }
}

int mig__digest(const void *data, size_t length, uint8_t out[MIG__DIGEST_SIZE], mig_error *err)
{
    return EVP_Digest(data, length, out, NULL, EVP_sha256(), NULL) == 1 ? 0 : failed(err);
}

char *mig__hex(const uint8_t digest[MIG__DIGEST_SIZE], char out[MIG__HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < MIG__DIGEST_SIZE; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * MIG__DIGEST_SIZE] = '\0';
    return out;
}
