/* domain/dane.h - TLSA records of mail hosts (RFC 6698, RFC 7672) against what a server shows */
#ifndef MIG_DOMAIN_DANE_H
#define MIG_DOMAIN_DANE_H

#include "domain/answer.h"
#include "net/peek.h"

typedef enum mig__dane_use {
    MIG__DANE_USABLE,
    MIG__DANE_UNUSABLE, /* usage 0 or 1, or parameters that nobody knows: senders ignore it (RFC 7672 3.1.3) */
    MIG__DANE_BROKEN    /* the length of its data cannot be right */
} mig__dane_use;

mig__dane_use mig__dane_use_of(const mig__record *tlsa);

/* True when the record fits one of the certificates: usage 3 the server's own, usage 2 one that issued it. */
bool mig__dane_fits(const mig__record *tlsa, const mig__peek_tls *tls);

#endif
