/* base/sign.h - signatures over octets in memory, for what is no file yet; keys as in migrate/sign.h */
#ifndef MIG_BASE_SIGN_H
#define MIG_BASE_SIGN_H

#include <migrate/sign.h>

/* Sign octets. 0, or -1 with MIG_E_NOMEM or MIG_E_INTERNAL. */
int mig__sign(mig_signer *signer, const void *octets, size_t length, mig_signature *out, mig_error *err);

/* As mig_signature_check: 1 fits, 0 does not, -1 with MIG_E_IO (the key) or MIG_E_NOMEM. */
int mig__signature_fits(const void *octets, size_t length, const void *signature, size_t signature_length,
                        const char *key_path, mig_error *err);

#endif
