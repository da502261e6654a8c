/*
 * migrate/discover.h - from an address to the IMAP server behind it, as mail programs find it
 *
 * Asked are, in this order of preference: the provider whose own domain it is; SRV records (RFC 6186, RFC 8314); the
 * domain's autoconfig file, and its autodiscover service (POX), both over HTTPS; the provider that the MX records lead
 * to; and, when nothing of these holds, imap.DOMAIN and mail.DOMAIN. Every host that is named is connected to and held
 * against its certificate, without logging in. A host outside the address's domain has to be vouched for by something:
 * whoever takes one that is not hands a password to whom a forged answer names.
 *
 * The connections are direct ones: proxies and tunnels are not used.
 */
#ifndef MIGRATE_DISCOVER_H
#define MIGRATE_DISCOVER_H

#include <migrate/endpoint.h>
#include <migrate/error.h>
#include <migrate/stop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_discover_way {
    MIG_DISCOVER_PROVIDER,     /* the domain is a provider's own: gmail.com */
    MIG_DISCOVER_SRV,          /* _imaps._tcp, _imap._tcp */
    MIG_DISCOVER_AUTOCONFIG,   /* config-v1.1.xml */
    MIG_DISCOVER_AUTODISCOVER, /* POX (MS-OXDSCLI) */
    MIG_DISCOVER_MX,           /* the provider that the MX records lead to */
    MIG_DISCOVER_PROBE         /* imap.DOMAIN, mail.DOMAIN */
} mig_discover_way;

/* "provider", "srv", "autoconfig", "autodiscover", "mx", "probe". Static storage. */
const char *mig_discover_way_name(mig_discover_way way);

typedef enum mig_discover_state {
    MIG_DISCOVER_GOOD,        /* IMAP behind TLS, with a certificate that is trusted and for this name */
    MIG_DISCOVER_UNREACHED,   /* no address, or no connection */
    MIG_DISCOVER_CERTIFICATE, /* its certificate is not trusted, or for another name */
    MIG_DISCOVER_NO_TLS,      /* no TLS came about, or none is offered */
    MIG_DISCOVER_NO_IMAP      /* what answers is no IMAP server, or does not want to */
} mig_discover_state;

/* "good", "unreached", "certificate", "no-tls", "no-imap". Static storage. */
const char *mig_discover_state_name(mig_discover_state state);

/* One server that was named. Strings are UTF-8 without control characters; "" where there is nothing. */
typedef struct mig_discover_candidate {
    mig_discover_way way;
    char *from; /* who named it: "SRV _imaps._tcp.example.org", "https://..." */
    char *host;
    uint16_t port;
    mig_tls_mode tls;     /* MIG_TLS_IMPLICIT or MIG_TLS_STARTTLS */
    char *user;           /* whom to log in as */
    bool user_by_address; /* that follows from the address alone, the same for every address of the domain */
    bool token;           /* who named it, or what is known of the provider, says: OAuth 2 */
    char *voucher;        /* who vouches for a host: "it lies in example.org itself"; "": nobody */
    mig_discover_state state;
    char *seen; /* what was seen when it was looked at, in words */
} mig_discover_candidate;

/* One question, and what came of it. */
typedef struct mig_discover_step {
    char *asked, *came;
    bool answered; /* false: no answer came, so that nothing follows from it */
} mig_discover_step;

typedef struct mig_discover_result {
    char *address, *domain;
    mig_discover_candidate *candidates; /* the best first */
    size_t candidate_count;
    mig_discover_step *steps;
    size_t step_count;
    bool found;      /* candidates[0] is good: it is what to take... */
    bool vouched;    /* ...and something vouches for it; false: only when a person says so */
    bool unanswered; /* some questions were not answered */
    bool interrupted;
    int exit_status; /* 0: found and vouched for; 1: not; 4: not, and some questions were not answered; 130: stopped */
} mig_discover_result;

typedef struct mig_discover_options {
    size_t size;                                /* of this structure; set by the INIT */
    const char *address;                        /* "ann@example.org" */
    const char *resolver;                       /* "ADDRESS[@PORT]"; NULL: the system's */
    const char *trust_anchor;                   /* as in migrate/domain.h */
    const char *ca_file;                        /* certificates to trust; NULL: the system's */
    uint16_t https_port, imaps_port, imap_port; /* 0: 443, 993, 143 */
    int timeout_ms;                             /* of each question and look; 0: 10,000 */
    const mig_stop *stop;                       /* NULL: cannot be asked to stop */
} mig_discover_options;

#define MIG_DISCOVER_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        sizeof(mig_discover_options), NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL                                         \
    }

/*
 * Look for the server. The result is the caller's, to be released with mig_discover_result_free. NULL: MIG_E_USAGE (no
 * address that can be looked for, an option that makes no sense), MIG_E_IO, MIG_E_NOMEM.
 */
mig_discover_result *mig_discover(const mig_discover_options *options, mig_error *err);
void mig_discover_result_free(mig_discover_result **result);

/*
 * "imaps://ann%40example.org@imap.example.org:993" of a candidate, for `address` where the user follows from it.
 * Returns a string to be freed; NULL: no memory.
 */
char *mig_discover_url(const mig_discover_candidate *candidate, const char *address);

#ifdef __cplusplus
}
#endif
#endif
