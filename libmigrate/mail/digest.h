/*
 * mail/digest.h - SHA-256 over message octets, as they are and in canonical form, in one walk
 *
 * The raw digest is plain SHA-256 over the octets as the server gave them: anyone can check it. The canonical digest
 * is over a form in which servers' usual rewritings vanish (mail/canonical.h has the rules and their version).
 */
#ifndef MIG_MAIL_DIGEST_H
#define MIG_MAIL_DIGEST_H

#include "base/sha256.h"
#include <migrate/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIG__CANONICAL_VERSION 2

typedef struct mig__message_digest {
    uint8_t raw[MIG__DIGEST_SIZE];       /* SHA-256 of the octets */
    uint8_t canonical[MIG__DIGEST_SIZE]; /* SHA-256 of the canonical form */
    uint64_t octets;                     /* how many there were */
} mig__message_digest;

/* Reusable: begin, add ..., end, begin, ... A begin without an end before it starts anew. The pieces may be of any
 * size, the result is the same. */
typedef struct mig__digester mig__digester;

mig__digester *mig__digester_new(mig_error *err);
int mig__digester_begin(mig__digester *digester, mig_error *err);
int mig__digester_add(mig__digester *digester, const void *data, size_t length, mig_error *err);
int mig__digester_end(mig__digester *digester, mig__message_digest *out, mig_error *err);
void mig__digester_free(mig__digester **digester);

/* Whether octets with this raw digest are known; then `canonical` is filled with the digest of their canonical form. */
typedef bool mig__canonical_known(const uint8_t raw[MIG__DIGEST_SIZE], uint8_t canonical[MIG__DIGEST_SIZE],
                                  void *context);

/*
 * Ask `known` before making a canonical form: equal octets have equal forms, and the form costs more than the raw
 * digest. For that up to 256 KiB of a message are kept until its end; a longer one is digested at once in both forms.
 */
void mig__digester_ask(mig__digester *digester, mig__canonical_known *known, void *context);

#endif
