/*
 * migrate/sign.h - detached signatures over files, so that a report is evidence
 *
 * Keys are PEM files, Ed25519 (RFC 8032) or RSA of at least 2,048 bits; a signature is made over the octets of the
 * whole file: Ed25519 as it is, RSA with SHA-256 and the padding of PKCS #1 v1.5 (RFC 8017 section 8.2). Plain openssl
 * makes the keys and checks the signatures, without this library:
 *
 *     openssl genpkey -algorithm ed25519 -out key.pem; openssl pkey -in key.pem -pubout -out public.pem
 *     openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in FILE -sigfile FILE.sig         (Ed25519)
 *     openssl dgst -sha256 -verify public.pem -signature FILE.sig FILE                           (RSA)
 */
#ifndef MIGRATE_SIGN_H
#define MIGRATE_SIGN_H

#include <migrate/error.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MIG_SIGNATURE_MAX 2048 /* octets: RSA of 16,384 bits */

typedef struct mig_signature {
    unsigned char octets[MIG_SIGNATURE_MAX];
    size_t length;
} mig_signature;

/* A private key. */
typedef struct mig_signer mig_signer;

/*
 * Load an unencrypted private key. Release it with mig_signer_free. Errors: MIG_E_IO (not readable, no
 * private key, encrypted, or of another kind), MIG_E_NOMEM.
 */
mig_signer *mig_signer_load(const char *path, mig_error *err);

/* Wipe and release; sets *signer to NULL. NULL in it is fine. */
void mig_signer_free(mig_signer **signer);

/* Sign the file as it is now. 0, or -1 with MIG_E_IO, MIG_E_NOMEM or MIG_E_INTERNAL. */
int mig_signer_sign(mig_signer *signer, const char *path, mig_signature *out, mig_error *err);

/*
 * Does the signature in the file `signature_path` fit the file `path`, by the public key in `key_path`? Returns 1: it
 * does; 0: it does not: file, signature and key do not belong together; -1 with MIG_E_IO (a file cannot
 * be read; no public key, or of another kind) or MIG_E_NOMEM.
 */
int mig_signature_check(const char *path, const char *signature_path, const char *key_path, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
