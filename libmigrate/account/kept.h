/*
 * account/kept.h - connections that one use of an account leaves open for the next one
 *
 * What is in here is idle and belongs to nobody. The trust for TLS is kept as well: loading it takes longer than most
 * small accounts do, and the sessions to resume are in it.
 */
#ifndef MIG_ACCOUNT_KEPT_H
#define MIG_ACCOUNT_KEPT_H

#include "imap/session.h"
#include <migrate/kept.h>

/* An idle session to options->endpoint that still answers, taken up with `options`; NULL: there is none. */
mig__session *mig__kept_take(mig_kept *kept, const mig__session_options *options);

/* Keep *session, which becomes NULL. False when it is not to be kept: the caller closes it. */
bool mig__kept_give(mig_kept *kept, const mig_endpoint *endpoint, mig__session **session);

/* A server said "later" (MIG_E_UNAVAILABLE): it is counted. Other errors are not. */
void mig__kept_complain(mig_kept *kept, const mig_error *error);

/* The TLS context for the endpoint, made when it is asked for first; NULL with `err`. Not the caller's to free. */
mig__tls_context *mig__kept_tls(mig_kept *kept, const mig_endpoint *endpoint, mig_error *err);

#endif
