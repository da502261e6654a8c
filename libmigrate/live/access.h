/* live/access.h - who may look: the Host that a request names, the certificate, the token (within live/) */
#ifndef MIG_LIVE_ACCESS_H
#define MIG_LIVE_ACCESS_H

#include "base/buffer.h"
#include "live/route.h"

enum { MIG__TOKEN_SIZE = 33 }; /* octets with the NUL: 128 bits in hexadecimal */

typedef struct mig__access {
    bool loopback;               /* only names of this machine, no token */
    struct x509_st *cert;        /* else: names that the certificate is for... */
    char token[MIG__TOKEN_SIZE]; /* ...and this; "" on loopback */
} mig__access;

/* `pem` NULL: loopback. 0, or -1 with MIG_E_CERTIFICATE, MIG_E_IO (no random numbers). Release in any case. */
int mig__access_init(mig__access *access, const char *pem, mig_error *err);
void mig__access_clear(mig__access *access);

/* DNS rebinding: a name of somebody else that leads here is not served. */
bool mig__access_host(const mig__access *access, const char *header);

/* The cookie, or what follows "Bearer " in Authorization; either may be NULL. */
bool mig__access_token(const mig__access *access, const char *cookie, const char *authorization);

/* A file of PEM, not large. The caller releases, and wipes a key. 0, or -1 with MIG_E_IO, MIG_E_NOMEM. */
int mig__access_read_pem(const char *path, mig__buffer *out, mig_error *err);

#endif
