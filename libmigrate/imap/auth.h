/*
 * imap/auth.h - the login: RFC 3501 (LOGIN), RFC 4422 and 4959 (SASL in IMAP), RFC 4616 (PLAIN), RFC 2195 (CRAM-MD5),
 * RFC 5802, 7677 and 9266 (SCRAM), RFC 7628 (OAUTHBEARER), and XOAUTH2 as Google and Microsoft describe it
 */
#ifndef MIG_IMAP_AUTH_H
#define MIG_IMAP_AUTH_H

#include "imap/session.h"

typedef enum mig__mechanism {
    MIG__MECHANISM_LOGIN_COMMAND, /* LOGIN user password */
    MIG__MECHANISM_LOGIN,         /* AUTHENTICATE LOGIN */
    MIG__MECHANISM_PLAIN,
    MIG__MECHANISM_CRAM_MD5,
    MIG__MECHANISM_SCRAM_SHA_1,
    MIG__MECHANISM_SCRAM_SHA_256,
    MIG__MECHANISM_SCRAM_SHA_1_PLUS, /* with channel binding */
    MIG__MECHANISM_SCRAM_SHA_256_PLUS,
    MIG__MECHANISM_XOAUTH2,
    MIG__MECHANISM_OAUTHBEARER,
    MIG__MECHANISM_EXTERNAL
} mig__mechanism;

const char *mig__mechanism_name(mig__mechanism mechanism);

/*
 * Which way to log in, by what the endpoint asks for and the server offers. `confidential` says that the line is
 * encrypted or does not leave the machine's own tunnel; `bound`, that there is a channel binding.
 *
 * MIG_AUTH_AUTO takes the first of these that is offered:
 *   EXTERNAL        with a client certificate and no secret
 *   SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS  when bound
 *   SCRAM-SHA-256, SCRAM-SHA-1
 *   CRAM-MD5        only when not confidential: it hides the password from a listener, at the price of a server that
 *                   keeps it in the clear
 *   LOGIN           as a command, when PLAIN would cost a round trip more (no SASL-IR)
 *   PLAIN, LOGIN as a command, AUTHENTICATE LOGIN, CRAM-MD5
 * SCRAM when asked for by name is the one with -PLUS too, when bound and offered. Once chosen, a login with -PLUS that
 * fails is not tried without: that is what somebody in between would want.
 * An OAuth mechanism is never guessed: only the user knows whether the secret is a password or a token.
 * 0, or -1 with MIG_E_AUTH (nothing offered that fits) or MIG_E_USAGE (an authorization identity with a mechanism that
 * has none).
 */
int mig__auth_choose(const mig__session *session, const mig_endpoint *endpoint, bool confidential, bool bound,
                     mig__mechanism *out, mig_error *err);

/*
 * Log in. Nothing is sent over a plain stream unless it stays on this machine or endpoint->allow_cleartext. A refused
 * password is never tried a second time; a refused token is replaced once by a fresh one, when there is a different
 * one. MIG_E_AUTH, MIG_E_SECRET, MIG_E_CLEARTEXT, MIG_E_UNAVAILABLE, and what ends a session.
 */
int mig__auth_login(mig__session *session, mig_error *err);

#endif
