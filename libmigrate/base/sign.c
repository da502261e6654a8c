/* base/sign.c - signatures by OpenSSL; besides base/digest.c and net/ the only file that sees it */
#include "base/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RSA_LEAST_BITS = 2048 };

struct mig_signer {
    EVP_PKEY *key;
};

/* ---- files ---- */

typedef struct content {
    unsigned char *octets;
    size_t length;
} content;

static int read_all(int fd, const char *path, content *out, mig_error *err)
{
    size_t capacity = 0;
    for (;;) {
        if (out->length == capacity) {
            capacity = capacity == 0 ? 64 << 10 : capacity * 2;
            unsigned char *grown = realloc(out->octets, capacity);
            if (grown == NULL) {
                return mig_error_set(err, MIG_E_NOMEM, "%s is too large for the memory there is", path);
            }
            out->octets = grown;
        }
        ssize_t got = read(fd, out->octets + out->length, capacity - out->length);
        if (got == 0) {
            return 0;
        }
        if (got < 0 && errno != EINTR) {
            return mig_error_errno(err, MIG_E_IO, errno, "%s cannot be read", path);
        }
        out->length += got > 0 ? (size_t)got : 0;
    }
}

/* The whole file: Ed25519 goes over it twice (RFC 8032 section 5.1.6), so that it cannot be streamed. */
static int read_file(const char *path, content *out, mig_error *err)
{
    *out = (content){NULL, 0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return mig_error_errno(err, MIG_E_IO, errno, "%s cannot be read", path);
    }
    int failed = read_all(fd, path, out, err);
    close(fd);
    if (failed != 0) {
        free(out->octets);
        *out = (content){NULL, 0};
    }
    return failed;
}

/* ---- keys ---- */

/* The library asks nobody: a key that is encrypted is refused. */
static int no_passphrase(char *out, int size, int writing, void *asked)
{
    (void)out;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return 0;
}

static int check_kind(const EVP_PKEY *key, const char *path, mig_error *err)
{
    int kind = EVP_PKEY_get_base_id(key);
    if (kind == EVP_PKEY_ED25519 || (kind == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= RSA_LEAST_BITS &&
                                     EVP_PKEY_get_size(key) <= MIG_SIGNATURE_MAX)) {
        return 0;
    }
    mig_error_set(err, MIG_E_IO, "the key in %s is neither Ed25519 nor RSA of at least %d bits", path, RSA_LEAST_BITS);
    return mig_error_hint(err, "make one with: openssl genpkey -algorithm ed25519 -out KEY.pem");
}

static int complain_of_key(const char *path, bool private, bool encrypted, mig_error *err)
{
    if (encrypted) {
        mig_error_set(err, MIG_E_IO, "the private key in %s is encrypted", path);
        return mig_error_hint(err, "give one that is not, readable for you alone: openssl pkey -in %s -out KEY.pem",
                              path);
    }
    mig_error_set(err, MIG_E_IO, "there is no %s key in %s", private ? "private" : "public", path);
    return private
               ? mig_error_hint(err, "make one with: openssl genpkey -algorithm ed25519 -out KEY.pem")
               : mig_error_hint(err, "take it from the private key: openssl pkey -in KEY.pem -pubout -out PUBLIC.pem");
}

static EVP_PKEY *load_key(const char *path, bool private, mig_error *err)
{
    bool encrypted = false;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        mig_error_errno(err, MIG_E_IO, errno, "the key %s cannot be read", path);
        return NULL;
    }
    EVP_PKEY *key = private ? PEM_read_PrivateKey(file, NULL, no_passphrase, &encrypted)
                            : PEM_read_PUBKEY(file, NULL, no_passphrase, &encrypted);
    fclose(file);
    ERR_clear_error();
    if (key == NULL) {
        complain_of_key(path, private, encrypted, err);
    } else if (check_kind(key, path, err) != 0) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

mig_signer *mig_signer_load(const char *path, mig_error *err)
{
    EVP_PKEY *key = load_key(path, true, err);
    mig_signer *signer = key == NULL ? NULL : calloc(1, sizeof *signer);
    if (key != NULL && signer == NULL) {
        EVP_PKEY_free(key);
        mig_error_set(err, MIG_E_NOMEM, "out of memory");
    }
    if (signer != NULL) {
        signer->key = key;
    }
    return signer;
}

void mig_signer_free(mig_signer **signer)
{
    if (*signer != NULL) {
        EVP_PKEY_free((*signer)->key); /* OpenSSL wipes private keys as it frees them */
        free(*signer);
        *signer = NULL;
    }
}

/* ---- signatures ---- */

static const EVP_MD *digest_for(const EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? EVP_sha256() : NULL;
}

int mig__sign(mig_signer *signer, const void *octets, size_t length, mig_signature *out, mig_error *err)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    out->length = sizeof out->octets;
    bool ok = context != NULL && EVP_DigestSignInit(context, NULL, digest_for(signer->key), NULL, signer->key) == 1 &&
              EVP_DigestSign(context, out->octets, &out->length, octets, length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return ok ? 0 : mig_error_set(err, MIG_E_INTERNAL, "OpenSSL cannot sign with this key");
}

int mig_signer_sign(mig_signer *signer, const char *path, mig_signature *out, mig_error *err)
{
    content file;
    if (read_file(path, &file, err) != 0) {
        return mig_error_context(err, "signing %s", path);
    }
    int failed = mig__sign(signer, file.octets, file.length, out, err);
    free(file.octets);
    return failed == 0 ? 0 : mig_error_context(err, "signing %s", path);
}

int mig__signature_fits(const void *octets, size_t length, const void *signature, size_t signature_length,
                        const char *key_path, mig_error *err)
{
    int fits = -1;
    EVP_PKEY *key = load_key(key_path, false, err);
    EVP_MD_CTX *context = key == NULL ? NULL : EVP_MD_CTX_new();
    if (context != NULL && EVP_DigestVerifyInit(context, NULL, digest_for(key), NULL, key) == 1) {
        fits = EVP_DigestVerify(context, signature, signature_length, octets, length) == 1;
    } else if (key != NULL) {
        mig_error_set(err, MIG_E_NOMEM, "OpenSSL cannot check a signature");
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return fits;
}

int mig_signature_check(const char *path, const char *signature_path, const char *key_path, mig_error *err)
{
    content file = {NULL, 0}, signature = {NULL, 0};
    int fits = -1;
    if (read_file(path, &file, err) != 0) {
        goto cleanup;
    }
    if (read_file(signature_path, &signature, err) != 0) {
        mig_error_context(err, "the signature of %s", path);
        goto cleanup;
    }
    fits = mig__signature_fits(file.octets, file.length, signature.octets, signature.length, key_path, err);
cleanup:
    free(file.octets);
    free(signature.octets);
    return fits;
}
