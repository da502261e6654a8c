/* domain/dkim.h - the record of a DKIM key (RFC 6376 section 3.6.1, RFC 8301, RFC 8463) */
#ifndef MIG_DOMAIN_DKIM_H
#define MIG_DOMAIN_DKIM_H

#include <stdbool.h>
#include <stddef.h>

typedef enum mig__dkim_state {
    MIG__DKIM_GOOD,
    MIG__DKIM_WEAK,    /* RSA below 2048 bits */
    MIG__DKIM_REVOKED, /* p= is empty */
    MIG__DKIM_USELESS, /* a valid record that no verifier uses for mail: sha1 only, another service, below 1024 bits */
    MIG__DKIM_BROKEN
} mig__dkim_state;

typedef struct mig__dkim_key {
    mig__dkim_state state;
    bool ed25519;
    unsigned bits;  /* RSA: of the modulus */
    bool testing;   /* t=y */
    char what[160]; /* what is wrong, "" for good */
} mig__dkim_key;

/* Read the text of a key record. Pure; never fails but by out->state. */
void mig__dkim_parse(const unsigned char *text, size_t length, mig__dkim_key *out);

/*
 * The bits of the modulus of an RSA key in DER: SubjectPublicKeyInfo (RFC 5280 section 4.1) or a bare RSAPublicKey
 * (RFC 8017 appendix A.1.1). 0: it is none.
 */
unsigned mig__dkim_rsa_bits(const unsigned char *der, size_t length);

#endif
