/* base/sha256.c - SHA-256 by OpenSSL */
#include "base/sha256.h"
#include <openssl/evp.h>
#include <stdlib.h>

struct mig__sha256 {
    EVP_MD *method;
    EVP_MD_CTX *context;
};

static int failed(mig_error *err)
{
    return mig_error_set(err, MIG_E_INTERNAL, "OpenSSL cannot compute SHA-256");
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
