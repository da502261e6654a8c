/* domain/dane.c - TLSA records against certificates */
#include "domain/dane.h"
#include <string.h>

/* A TLSA record keeps its parameters in the fields of an MX: usage, selector, matching type. */
mig__dane_use mig__dane_use_of(const mig__record *tlsa)
{
    if ((tlsa->preference != 2 && tlsa->preference != 3) || tlsa->weight > 1 || tlsa->port > 2) {
        return MIG__DANE_UNUSABLE;
    }
    if ((tlsa->port == 1 && tlsa->length != 32) || (tlsa->port == 2 && tlsa->length != 64) || tlsa->length == 0) {
        return MIG__DANE_BROKEN;
    }
    return MIG__DANE_USABLE;
}

static bool same(const mig__record *tlsa, const mig__peek_certificate *certificate)
{
    const int which = tlsa->weight; /* the whole certificate, or its key */
    switch (tlsa->port) {
    case 0:
        return tlsa->length == certificate->length[which] &&
               memcmp(tlsa->data, certificate->der[which], tlsa->length) == 0;
    case 1:
        return memcmp(tlsa->data, certificate->sha256[which], 32) == 0;
    default:
        return memcmp(tlsa->data, certificate->sha512[which], 64) == 0;
    }
}

bool mig__dane_fits(const mig__record *tlsa, const mig__peek_tls *tls)
{
    if (mig__dane_use_of(tlsa) != MIG__DANE_USABLE || tls->count == 0) {
        return false;
    }
    if (tlsa->preference == 3) {
        return same(tlsa, &tls->chain[0]);
    }
    for (size_t i = 0; i < tls->count; i++) {
        if (same(tlsa, &tls->chain[i])) {
            return tls->name_fits; /* usage 2: the name counts (RFC 7672 section 3.1.2) */
        }
    }
    return false;
}
