/*
 * migrate/domain.h - a look at domains whose mail moves, from outside: MX, SPF, DKIM, DMARC, MTA-STS, DANE, blocklists,
 * client records; before the switch, at it, and after it
 *
 * Nothing is changed anywhere. Every verdict carries what was seen, who said it, the rule, and what to do about it.
 * What could not be looked at is "unknown", never a guess.
 */
#ifndef MIGRATE_DOMAIN_H
#define MIGRATE_DOMAIN_H

#include <migrate/error.h>
#include <migrate/log.h>
#include <migrate/stop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mig_domain_phase { MIG_DOMAIN_BEFORE, MIG_DOMAIN_NOW, MIG_DOMAIN_AFTER } mig_domain_phase;

/* "before", "now", "after". Static storage. */
const char *mig_domain_phase_name(mig_domain_phase phase);

typedef enum mig_verdict { MIG_VERDICT_PASS, MIG_VERDICT_UNKNOWN, MIG_VERDICT_WARN, MIG_VERDICT_FAIL } mig_verdict;

/* "pass", "unknown", "warn", "fail". Static storage. */
const char *mig_verdict_name(mig_verdict verdict);

/* One domain, and what is known of its move. Strings and lists (each ends with NULL) are borrowed; NULL: not known. */
typedef struct mig_domain_subject {
    const char *name;
    const char *provider;             /* of migrate/provider_mail.h, where the mail goes to */
    const char *const *new_mx;        /* hosts that receive mail after the switch; NULL: as the provider says */
    const char *const *old_hosts;     /* names or addresses of the old server; NULL: what the MX name now */
    const char *const *selectors;     /* of the new host's DKIM keys; NULL: as the provider says */
    const char *const *old_selectors; /* of the old server's */
    const char *const *spf_includes;  /* that the new host needs; NULL: as the provider says */
    const char *const *new_addresses; /* that the new host sends from, as text; NULL: those of new_mx */
    const char *const *old_addresses; /* that the old server sends from; NULL: those of old_hosts */
    const char *const *aliases;       /* domains whose mail goes the same way: looked at as well */
    const char *client_host;          /* what mail programs are to be led to; NULL: as the provider says */
} mig_domain_subject;

typedef struct mig_domain_options {
    size_t size; /* of this structure; set by the INIT */
    const mig_domain_subject *domains;
    size_t domain_count;
    mig_domain_phase phase;
    const char *const *resolvers; /* "ADDRESS[@PORT]"; the first one answers all questions, further ones are asked what
                                     they have; NULL: the system's; "root": none, down from the root */
    const char *const *authorities; /* "ADDRESS[@PORT]", in place of those that the NS records name; NULL: those */
    const char *trust_anchor;       /* a file with DS or DNSKEY records; NULL: those of the root; "none": no DNSSEC */
    const char *const *dnsbls;      /* zones, in place of the table's; an empty list: none */
    const char *ca_file;            /* certificates to trust; NULL: the system's */
    uint16_t dns_port, smtp_port, https_port; /* 0: 53, 25, 443 */
    int timeout_ms;                           /* of a question with its repetitions; 0: 10,000 */
    int in_flight;                            /* questions and probes at once; 0: 32 */
    int64_t now;                              /* seconds since 1970-01-01 UTC; 0: the clock */
    mig_log log;
    const mig_stop *stop;                                          /* NULL: cannot be asked to stop */
    void (*progress)(size_t asked, size_t waiting, void *context); /* questions so far; NULL: none */
    void *progress_context;
} mig_domain_options;

#define MIG_DOMAIN_OPTIONS_INIT                                                                                        \
    {                                                                                                                  \
        sizeof(mig_domain_options), NULL, 0, MIG_DOMAIN_BEFORE, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0,        \
            MIG_LOG_INIT, NULL, NULL, NULL                                                                             \
    }

/* One thing that was looked at. All strings are UTF-8 without control characters; "" where there is nothing. */
typedef struct mig_domain_check {
    char *check;   /* "spf.limits": stable */
    char *subject; /* the name or address it is about */
    mig_verdict verdict;
    char *text;    /* what is so, in a sentence */
    char *record;  /* what was seen, lines parted by \n */
    char *server;  /* who said it */
    char *rule;    /* "RFC 7208, 4.6.4" */
    char *advice;  /* what to do */
    char *publish; /* exact records, as in a zone file, lines parted by \n */
} mig_domain_check;

typedef struct mig_domain_report {
    char *name;
    char *alias_of;     /* "": none */
    char *old_provider; /* title, by the MX as they are; "": not recognised */
    char *new_provider; /* title; "": none is known */
    mig_domain_check *checks;
    size_t check_count;
    size_t counts[4];    /* of each verdict */
    mig_verdict verdict; /* the worst, where unknown is worse than pass only */
    int64_t earliest; /* before: the earliest moment of the switch, when the TTLs as seen have run out; 0: not known */
    uint32_t longest_ttl;
} mig_domain_report;

typedef struct mig_domain_result {
    mig_domain_phase phase;
    mig_domain_report *domains;
    size_t domain_count;
    size_t counts[4];
    mig_verdict verdict;
    int exit_status; /* 0: all pass; 1: something warns or fails; 4: nothing does, but something is not known; 130:
                        stopped */
    char *resolver;  /* whom all was asked */
    int64_t started, finished; /* seconds since 1970-01-01 UTC */
    size_t questions, probes;
    bool interrupted;
    char *changes; /* since an earlier look, lines; NULL: there was none, see mig_domain_compare */
} mig_domain_result;

/*
 * Look at all domains. The result is the caller's, to be released with mig_domain_result_free. NULL: MIG_E_USAGE (a
 * name, address or option that makes no sense), MIG_E_IO (the trust anchor), MIG_E_NOMEM.
 */
mig_domain_result *mig_domain_look(const mig_domain_options *options, mig_error *err);

/* Put into result->changes what is other than in `earlier`. 0, or -1 with MIG_E_NOMEM. */
int mig_domain_compare(mig_domain_result *result, const mig_domain_result *earlier, mig_error *err);

/*
 * Is the move of the domain done, by an `after` look: the new MX are everywhere, nothing fails, and the old server
 * takes no mail? What is in the way goes to `open`, lines parted by \n; "" when it is. False also when memory runs out.
 */
bool mig_domain_settled(const mig_domain_report *report, char **open);

void mig_domain_result_free(mig_domain_result **result);

/* ---- a few names, for whoever needs to know where a server is ---- */

typedef struct mig_domain_lookup {
    const char *resolver; /* "ADDRESS[@PORT]"; NULL: the system's */
    uint16_t dns_port;    /* 0: 53 */
    int timeout_ms;       /* 0: 10,000 */
    const mig_stop *stop; /* NULL: cannot be asked to stop */
} mig_domain_lookup;

/*
 * The hosts that mail for a domain goes to: lines parted by \n, each a name (that of the domain itself where it has no
 * MX; "" for a null MX) and its addresses, parted by blanks. malloc'd. 0; -1 with MIG_E_DNS when it is not known,
 * MIG_E_USAGE (resolver), MIG_E_NOMEM.
 */
int mig_domain_mail_hosts(const mig_domain_lookup *how, const char *domain, char **lines, mig_error *err);

/* The addresses of a host, lines parted by \n, "" when it has none. malloc'd. The same errors. */
int mig_domain_addresses(const mig_domain_lookup *how, const char *host, char **lines, mig_error *err);

/*
 * The first server of a service ("_sieve._tcp", RFC 2782) of a domain; *host is malloc'd, "" when the domain says that
 * there is none. 0; 1: the domain has no such record; -1 with the same errors.
 */
int mig_domain_service(const mig_domain_lookup *how, const char *service, const char *domain, char **host,
                       uint16_t *port, mig_error *err);

#ifdef __cplusplus
}
#endif
#endif
