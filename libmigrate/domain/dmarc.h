/* domain/dmarc.h - DMARC records (RFC 9989; RFC 7489 for those who still read it so) */
#ifndef MIG_DOMAIN_DMARC_H
#define MIG_DOMAIN_DMARC_H

#include "domain/answer.h"
#include "domain/name.h"
#include <stdbool.h>
#include <stddef.h>

typedef enum mig__dmarc_policy { MIG__DMARC_NONE, MIG__DMARC_QUARANTINE, MIG__DMARC_REJECT } mig__dmarc_policy;

#define MIG__DMARC_URIS 8

typedef struct mig__dmarc_uri {
    char *text;                /* without a size limit */
    char domain[MIG__DN_SIZE]; /* of a mailto: address; "": another kind of URI */
} mig__dmarc_uri;

typedef struct mig__dmarc {
    bool valid;                          /* false: no DMARC record at all; nothing else is of use */
    mig__dmarc_policy policy, sub, none; /* p, sp, np with what they fall back to */
    bool has_policy;
    bool strict_dkim, strict_spf, testing;
    char psd; /* 'y', 'n', 'u' */
    mig__dmarc_uri rua[MIG__DMARC_URIS];
    size_t rua_count;
    char remark[200]; /* what is odd without making it invalid; "": nothing */
} mig__dmarc;

/* True when the text begins as a DMARC record (RFC 9989 section 4.7): "v=DMARC1", case and place matter. */
bool mig__dmarc_is_record(const unsigned char *text, size_t length);

/* Read a record. Release with mig__dmarc_clear. */
void mig__dmarc_parse(const unsigned char *text, size_t length, mig__dmarc *out);
void mig__dmarc_clear(mig__dmarc *record);

const char *mig__dmarc_policy_name(mig__dmarc_policy policy);

/* Where the policy of a name stands. */
typedef struct mig__dmarc_found {
    bool pending, failed;            /* an answer is missing; a look-up failed */
    const mig__record *record;       /* NULL: there is none */
    char at[MIG__DN_SIZE];           /* whose record it is */
    char organization[MIG__DN_SIZE]; /* by the tree walk */
    unsigned several;                /* records at the name itself: more than one counts as none */
    const mig__answer *answer;       /* the one that the record is in */
} mig__dmarc_found;

/* The tree walk of RFC 9989 section 4.10: at most eight questions. */
void mig__dmarc_find(const char *domain, const mig__asker *asker, mig__dmarc_found *out);

#endif
