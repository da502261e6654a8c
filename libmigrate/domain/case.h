/* domain/case.h - one domain being judged: what is known of its move, and asking for facts */
#ifndef MIG_DOMAIN_CASE_H
#define MIG_DOMAIN_CASE_H

#include "domain/facts.h"
#include "domain/name.h"
#include "domain/verdict.h"
#include <migrate/provider_mail.h>

#define MIG__CASE_MOST 24 /* hosts, addresses, authorities that are looked at */

typedef struct mig__address {
    unsigned char octets[16];
    size_t length; /* 4 or 16 */
    char text[46];
} mig__address;

typedef struct mig__addresses {
    mig__address each[MIG__CASE_MOST];
    size_t count;
} mig__addresses;

typedef struct mig__hosts {
    char each[MIG__CASE_MOST][MIG__DN_SIZE];
    size_t count;
} mig__hosts;

typedef struct mig__authority_server {
    char name[MIG__DN_SIZE]; /* of the NS record; the address when it was given */
    char server[64];         /* "ADDRESS@PORT" */
} mig__authority_server;

typedef struct mig__authorities {
    mig__authority_server each[MIG__CASE_MOST];
    size_t count;
    char zone[MIG__DN_SIZE]; /* whose name servers they are */
} mig__authorities;

typedef struct mig__case {
    const mig__facts *facts;
    const mig_domain_options *options;
    const mig_domain_subject *subject;
    const mig_provider_mail *provider; /* NULL: not known */
    const char *domain;
    mig__verdicts *out;
    mig_domain_report *report;
    int64_t now;
    bool pending; /* a fact is missing: what was judged so far is thrown away and judged anew */
} mig__case;

const mig__answer *mig__case_dns(mig__case *c, const char *name, mig__rr type);
const mig__answer *mig__case_at(mig__case *c, const char *server, const char *name, mig__rr type);
const mig__smtp_fact *mig__case_smtp(mig__case *c, const mig__smtp_question *question);
const mig__web_fact *mig__case_web(mig__case *c, const char *host, const char *path);
/* The answer to XML that is posted there. The same. */
const mig__web_fact *mig__case_post(mig__case *c, const char *host, const char *path, const char *xml);

/* For functions that ask for themselves. */
mig__asker mig__case_asker(mig__case *c);

/* Add the addresses of a host, or the one that it is. False: one of the look-ups failed, or is pending. */
bool mig__case_addresses(mig__case *c, const char *host, mig__addresses *out);
bool mig__address_parse(const char *text, mig__address *out);
bool mig__addresses_have(const mig__addresses *list, const mig__address *address);

bool mig__hosts_have(const mig__hosts *list, const char *host);
void mig__hosts_add(mig__hosts *list, const char *host);

/* The MX that there are now: hosts by preference. The answer, NULL: pending. */
const mig__answer *mig__case_mx(mig__case *c, mig__hosts *out);

/* The MX hosts after the switch, as given or as the provider says; none: not known. */
void mig__case_new_mx(const mig__case *c, mig__hosts *out);

/* True when the host is one of those, or ends as the provider's do. */
bool mig__case_is_new(const mig__case *c, const char *host);

/* The old server: as given, else (not in the last phase) the MX that are not the new host's. */
void mig__case_old_hosts(mig__case *c, mig__hosts *out);

/* What they send from. False: a look-up failed, or is pending. */
bool mig__case_old_addresses(mig__case *c, mig__addresses *out);
bool mig__case_new_addresses(mig__case *c, mig__addresses *out);

/* The name servers responsible for a name: as given, else those of the NS records of the zone that it is in. */
void mig__case_authorities(mig__case *c, const char *name, mig__authorities *out);

/* A verdict for an answer that nothing can be built on: fail when it is bogus, else unknown. */
void mig__case_unanswered(mig__case *c, const char *check, const char *name, const mig__answer *answer);

#endif
