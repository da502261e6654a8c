/* discover/look.h - a look at an IMAP server that was named: TLS, its certificate, its greeting; nobody logs in */
#ifndef MIG_DISCOVER_LOOK_H
#define MIG_DISCOVER_LOOK_H

#include <migrate/discover.h>

typedef struct mig__imap_look {
    const char *host;
    const char *const *addresses; /* ends with NULL */
    uint16_t port;
    mig_tls_mode tls;
    const char *domain; /* of the address: is it in the certificate as well? */
    const char *ca_file;
    int timeout_ms;
} mig__imap_look;

typedef struct mig__imap_fact {
    mig_discover_state state;
    char seen[400];    /* in words */
    bool names_domain; /* a certificate that is trusted has the domain itself in it (RFC 6186 section 6) */
} mig__imap_fact;

/* Blocks; safe in several threads. */
void mig__look_imap(const mig__imap_look *look, mig__imap_fact *out);

#endif
