/*
 * migrate/provider_mail.h - what hosting providers ask of a domain's DNS: MX, SPF, DKIM, client records
 *
 * A table of facts that were read in the providers' own pages and in published zones; docs/domain.md says how sure they
 * are. Values move: a difference is a reason to look at the provider's own page, never by itself a fault. Static and
 * read only; everything returned is borrowed. Names are matched as suffixes on the borders of labels.
 */
#ifndef MIGRATE_PROVIDER_MAIL_H
#define MIGRATE_PROVIDER_MAIL_H

#include <migrate/error.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a provider publishes its DKIM keys in a customer's zone. */
typedef enum mig_dkim_form {
    MIG_DKIM_UNKNOWN,
    MIG_DKIM_TXT,  /* the key itself */
    MIG_DKIM_CNAME /* an alias into the provider's zone */
} mig_dkim_form;

typedef struct mig_provider_mail {
    const char *name;             /* "google": stable, used in plans and on the command line */
    const char *title;            /* "Google Workspace" */
    const char *const *mx;        /* suffixes that its MX hosts end in; ends with NULL, as all lists here */
    const char *const *mx_lines;  /* "1 smtp.google.com": what to publish; none: differs by customer */
    const char *mx_where;         /* where a customer finds its own values; NULL: they are in mx_lines */
    const char *const *spf;       /* what is included, any one of them; none: not known */
    const char *spf_all;          /* how its advice ends, "~all"; NULL: not known */
    const char *const *selectors; /* of DKIM, as usually; none: free to choose, or not known */
    mig_dkim_form dkim;
    const char *const *dkim_targets; /* suffixes that the aliases point into */
    const char *const *clients;      /* "CNAME autodiscover autodiscover.outlook.com", "SRV _imaps._tcp 993 imap.x.y" */
    const char *dmarc;               /* what it advises; NULL: nothing */
    const char *note;                /* what goes wrong most often; NULL: nothing special */
    const char *imap;                /* the profile of migrate/provider.h; NULL: none */
} mig_provider_mail;

/* The whole table; `count` gets how many there are. */
const mig_provider_mail *mig_provider_mails(size_t *count);

/* That of the name (or of the IMAP profile's name), NULL: there is none. */
const mig_provider_mail *mig_provider_mail_find(const char *name);

/* The one whose MX hosts end like this host name, NULL: none. */
const mig_provider_mail *mig_provider_mail_by_mx(const char *host);

/* A filter that stands in front of somebody's mailboxes: its title, NULL: none is known by that host name. */
const char *mig_provider_mail_gateway(const char *host);

#ifdef __cplusplus
}
#endif
#endif
