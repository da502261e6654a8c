/*
 * discover/ways.h - what the ways to find a mail server lead to: a pure function over facts
 *
 * As with the judges of domain/, a fact that is not known yet comes as nothing and is noted, and the function is called
 * again when it is.
 */
#ifndef MIG_DISCOVER_WAYS_H
#define MIG_DISCOVER_WAYS_H

#include "domain/facts.h"
#include "domain/name.h"
#include <migrate/discover.h>

#define MIG__FINDINGS_MOST 24
#define MIG__STEPS_MOST    48

/* A server that was named, before it is looked at. */
typedef struct mig__finding {
    mig_discover_way way;
    char from[400];
    char host[MIG__DN_SIZE];
    uint16_t port;
    mig_tls_mode tls;
    char login[256]; /* with %EMAILADDRESS% and the like; "": the address */
    bool token;
    char voucher[800]; /* "": nobody vouches for the host */
} mig__finding;

typedef struct mig__step {
    char asked[400], came[400];
    bool answered;
} mig__step;

typedef struct mig__findings {
    mig__finding each[MIG__FINDINGS_MOST];
    size_t count;
    mig__step steps[MIG__STEPS_MOST];
    size_t step_count;
} mig__findings;

typedef struct mig__seeker {
    const mig__facts *facts;
    const char *address; /* as it was given */
    const char *local;   /* what stands before the last '@', with its end at local_length */
    size_t local_length;
    char domain[MIG__DN_SIZE];
    uint16_t imaps_port, imap_port;
    bool pending; /* out: some fact is not known yet */
} mig__seeker;

/* Take an address apart. False: it is none whose server can be looked for. */
bool mig__seeker_set(mig__seeker *seeker, const char *address);

/* All ways but probing. */
void mig__ways_named(mig__seeker *seeker, mig__findings *out);

/* imap.DOMAIN and mail.DOMAIN, as far as these names are there. */
void mig__ways_probe(mig__seeker *seeker, mig__findings *out);

/* The user of a login pattern. True: it follows from the address alone. */
bool mig__way_login(const mig__seeker *seeker, const char *pattern, char *out, size_t size);

#endif
