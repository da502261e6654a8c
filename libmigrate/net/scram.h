/*
 * net/scram.h - SCRAM's costly step, RFC 5802 section 3 and RFC 7677: SaltedPassword, bounded and interruptible
 *
 * The server names the number of iterations. Too few make the proof cheap to try dictionaries on, for somebody who only
 * pretends to be the server; too many keep us busy for hours. libgsasl takes any number, and computes without a break.
 */
#ifndef MIG_NET_SCRAM_H
#define MIG_NET_SCRAM_H

#include <migrate/error.h>
#include <migrate/stop.h>
#include <stddef.h>

#define MIG__SCRAM_LEAST 4096    /* RFC 7677 section 4 */
#define MIG__SCRAM_MOST  1000000 /* a second of computing, more than anybody recommends for logins */
#define MIG__SCRAM_SALT  1024    /* octets */
#define MIG__SCRAM_HASH  32      /* octets, of the longest hash */

typedef struct mig__scram_offer { /* what the server-first-message asks for */
    unsigned iterations;
    unsigned char salt[MIG__SCRAM_SALT];
    size_t salt_length;
} mig__scram_offer;

/*
 * Read "r=...,s=...,i=..." (not base64). 0, or -1: MIG_E_PROTOCOL when it is none, MIG_E_AUTH when the number of
 * iterations is out of bounds.
 */
int mig__scram_read(const char *text, size_t length, mig__scram_offer *out, mig_error *err);

/*
 * Hi(password, salt, iterations) as hexadecimal digits, NUL-terminated. `hash`: "SHA-1" or "SHA-256"; `password` after
 * SASLprep. 0, or -1: MIG_E_INTERRUPTED when `stop` came to level 2 meanwhile, MIG_E_NOMEM.
 */
int mig__scram_salted(const char *hash, const char *password, const mig__scram_offer *offer, const mig_stop *stop,
                      char out[2 * MIG__SCRAM_HASH + 1], mig_error *err);

#endif
