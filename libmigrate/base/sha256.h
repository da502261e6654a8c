/* base/sha256.h - SHA-256 (FIPS 180-4) of octets, in pieces or at once, and digests in hexadecimal */
#ifndef MIG_BASE_SHA256_H
#define MIG_BASE_SHA256_H

#include <migrate/error.h>
#include <stddef.h>
#include <stdint.h>

#define MIG__DIGEST_SIZE 32

/* Reusable: begin, add ..., end, begin, ... */
typedef struct mig__sha256 mig__sha256;

mig__sha256 *mig__sha256_new(mig_error *err);
int mig__sha256_begin(mig__sha256 *sha256, mig_error *err);
int mig__sha256_add(mig__sha256 *sha256, const void *data, size_t length, mig_error *err);
int mig__sha256_end(mig__sha256 *sha256, uint8_t out[MIG__DIGEST_SIZE], mig_error *err);
void mig__sha256_free(mig__sha256 **sha256);

/* One piece at once. */
int mig__digest(const void *data, size_t length, uint8_t out[MIG__DIGEST_SIZE], mig_error *err);

#define MIG__HEX_SIZE (2 * MIG__DIGEST_SIZE + 1)
char *mig__hex(const uint8_t digest[MIG__DIGEST_SIZE], char out[MIG__HEX_SIZE]);

#endif
