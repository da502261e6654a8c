/*
 * net/sasl.h - the login that every mail protocol shares: RFC 4422 (SASL), RFC 4616 (PLAIN), RFC 2195 (CRAM-MD5),
 * RFC 5802, 7677 and 9266 (SCRAM), RFC 7628 (OAUTHBEARER), and XOAUTH2 as Google and Microsoft describe it
 *
 * The protocol (imap/auth.c, sieve/login.c) carries challenges and answers; what they are is decided here, as are the
 * choice of the mechanism, how often a secret may leave, and what a refusal means.
 */
#ifndef MIG_NET_SASL_H
#define MIG_NET_SASL_H

#include "base/buffer.h"
#include "net/stream.h"
#include <migrate/endpoint.h>
#include <migrate/stop.h>

typedef enum mig__sasl_mechanism {
    MIG__SASL_LOGIN_COMMAND, /* IMAP's LOGIN user password: no SASL at all */
    MIG__SASL_LOGIN,
    MIG__SASL_PLAIN,
    MIG__SASL_CRAM_MD5,
    MIG__SASL_SCRAM_SHA_1,
    MIG__SASL_SCRAM_SHA_256,
    MIG__SASL_SCRAM_SHA_1_PLUS, /* with channel binding */
    MIG__SASL_SCRAM_SHA_256_PLUS,
    MIG__SASL_XOAUTH2,
    MIG__SASL_OAUTHBEARER,
    MIG__SASL_EXTERNAL
} mig__sasl_mechanism;

/* As in AUTHENTICATE. */
const char *mig__sasl_name(mig__sasl_mechanism mechanism);

/* What the server offers, and the line. */
typedef struct mig__sasl_offer {
    bool (*offers)(const void *context, const char *mechanism);
    const void *context;
    bool login_command;    /* IMAP's LOGIN may be used */
    bool initial_response; /* the first answer may travel with the command */
    bool confidential;     /* the line is encrypted or does not leave the machine's own tunnel */
    bool bound;            /* there is a channel binding */
    const char *words;     /* what it says about logging in, for the error */
} mig__sasl_offer;

/*
 * Which way to log in, by what the endpoint asks for and the server offers. MIG_AUTH_AUTO takes the first of these:
 *   EXTERNAL        with a client certificate and no secret
 *   SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS  when bound
 *   SCRAM-SHA-256, SCRAM-SHA-1
 *   CRAM-MD5        only when not confidential: it hides the password from a listener, at the price of a server that
 *                   keeps it in the clear
 *   LOGIN           as a command, when PLAIN would cost a round trip more (no initial response)
 *   PLAIN, LOGIN as a command, AUTHENTICATE LOGIN, CRAM-MD5
 * SCRAM when asked for by name is the one with -PLUS too, when bound and offered. Once chosen, a login with -PLUS that
 * fails is not tried without: that is what somebody in between would want.
 * An OAuth mechanism is never guessed: only the user knows whether the secret is a password or a token.
 * 0, or -1 with MIG_E_AUTH (nothing offered that fits) or MIG_E_USAGE (an authorization identity with a mechanism that
 * has none).
 */
int mig__sasl_choose(const mig__sasl_offer *offer, const mig_endpoint *endpoint, mig__sasl_mechanism *out,
                     mig_error *err);

/* Whether a login may travel on this line at all; `vouched`: the stream layer has checked where plain text goes. */
bool mig__sasl_may_log_in(const mig__stream *stream, const mig_endpoint *endpoint, bool vouched, mig_error *err);

typedef struct mig__sasl mig__sasl;

/* What a protocol does with one login: its own dialogue, up to the server's last word. */
typedef struct mig__sasl_protocol {
    const char *name; /* "IMAP": for hints */
    /* 0: accepted; 1: refused, with the server's words in `told`; -1: it failed, with `err`. */
    int (*attempt)(mig__sasl *sasl, void *context, mig_error *told, mig_error *err);
    void *context;
    const mig_stop *stop; /* NULL: none */
} mig__sasl_protocol;

/*
 * Log in with the mechanism. A refused password is never tried a second time; a refused token is replaced once by a
 * fresh one, when there is a different one. 0, or -1: MIG_E_AUTH, MIG_E_SECRET, and what the attempt fails with.
 */
int mig__sasl_login(const mig_endpoint *endpoint, mig__stream *stream, const mig__sasl_offer *offer,
                    mig__sasl_mechanism mechanism, const mig__sasl_protocol *protocol, mig_error *err);

/* ---- for the attempt ---- */

mig__sasl_mechanism mig__sasl_mechanism_of(const mig__sasl *sasl);
/* Whether the client speaks first. */
bool mig__sasl_speaks_first(mig__sasl_mechanism mechanism);

/*
 * The answer (base64) to a challenge (base64; "" for the initial response), added to `out`, which is the caller's to
 * wipe. 0, or -1: MIG_E_PROTOCOL (the server asks for more than there is), MIG_E_AUTH, MIG_E_SECRET, MIG_E_NOMEM.
 */
int mig__sasl_answer(mig__sasl *sasl, const char *challenge, mig__buffer *out, mig_error *err);

/* The password itself, for the LOGIN command; mig__sasl_drop wipes it. NULL with `err`. */
const char *mig__sasl_password(mig__sasl *sasl, mig_error *err);
void mig__sasl_drop(mig__sasl *sasl);

#endif
