/*
 * imap/auth.h - the login: RFC 3501 (LOGIN) and RFC 4959 (SASL in IMAP); the mechanisms are in net/sasl.h
 */
#ifndef MIG_IMAP_AUTH_H
#define MIG_IMAP_AUTH_H

#include "imap/session.h"

/*
 * Log in, the way that mig__sasl_choose finds. Nothing is sent over a plain stream unless it stays on this machine or
 * endpoint->allow_cleartext. A refused password is never tried a second time; a refused token is replaced once by a
 * fresh one, when there is a different one. MIG_E_AUTH, MIG_E_SECRET, MIG_E_CLEARTEXT, MIG_E_UNAVAILABLE, and what ends
 * a session.
 */
int mig__auth_login(mig__session *session, mig_error *err);

#endif
