/* net/sasl_private.h - what the files of a login share (sasl, sasl_login) */
#ifndef MIG_NET_SASL_PRIVATE_H
#define MIG_NET_SASL_PRIVATE_H

#include "net/sasl.h"
#include <gsasl.h>

#define MIG__SASL_SECRET 16384 /* octets: access tokens of some providers have several thousand */

struct mig__sasl {
    const mig_endpoint *endpoint;
    const mig__sasl_offer *offer;
    const mig__sasl_protocol *protocol;
    mig__sasl_mechanism mechanism;
    unsigned step;            /* answers given so far */
    bool fresh;               /* ask for a new token */
    char *secret;             /* MIG__SASL_SECRET octets; "" while none is held */
    char *previous;           /* the token that was refused, to tell whether the fresh one differs */
    const char *binding_type; /* of the channel binding; NULL: none */
    unsigned char binding[64];
    size_t binding_length;
    Gsasl *gsasl;
    Gsasl_session *sasl;
    bool proven;                      /* the server has shown that it knows the password (SCRAM) */
    char challenge[MIG_ERROR_SERVER]; /* what the server says about a refused token (RFC 7628 section 3.2.2) */
};

/* Get the secret from whoever has it. 0, or -1 with MIG_E_SECRET. */
int mig__sasl_fetch(mig__sasl *sasl, mig_error *err);
/* End libgsasl's part, with what it keeps overwritten. */
void mig__sasl_stop(mig__sasl *sasl);

bool mig__sasl_is_plus(mig__sasl_mechanism mechanism);
bool mig__sasl_is_scram(mig__sasl_mechanism mechanism);

#endif
