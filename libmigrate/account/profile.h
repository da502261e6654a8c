/*
 * account/profile.h - what is known of a server: from the table of providers, and from what it says
 *
 * What the user says goes before the host name, and that before what the server says of itself at the login.
 */
#ifndef MIG_ACCOUNT_PROFILE_H
#define MIG_ACCOUNT_PROFILE_H

#include "imap/session.h"
#include <migrate/provider.h>

typedef struct mig__profile {
    const mig_provider *provider; /* NULL: none */
    const char *reason;           /* "named", "host name", "capabilities", "greeting"; static storage; NULL: none */
    bool labels;                  /* its mailboxes are labels (X-GM-EXT-1) */
} mig__profile;

/* `named` is the name of a profile or NULL. The session is logged in. */
void mig__profile_find(mig__profile *out, const char *named, const mig_endpoint *endpoint, const mig__session *session);

#endif
