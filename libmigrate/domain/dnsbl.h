/* domain/dnsbl.h - DNS blocklists (RFC 5782): which there are, and what their answers mean */
#ifndef MIG_DOMAIN_DNSBL_H
#define MIG_DOMAIN_DNSBL_H

#include "domain/answer.h"

typedef enum mig__dnsbl_kind { MIG__DNSBL_ADDRESS, MIG__DNSBL_DOMAIN } mig__dnsbl_kind;

typedef struct mig__dnsbl {
    const char *zone, *title;
    mig__dnsbl_kind kind;
    bool neighbours;    /* lists whole networks: no fault of the address itself */
    const char *remove; /* where one asks to be taken off */
} mig__dnsbl;

/* The table; `count` gets how many. */
const mig__dnsbl *mig__dnsbls(size_t *count);

/* The entry of a zone; for one that is not in the table, `own` is filled and returned. */
const mig__dnsbl *mig__dnsbl_of(const char *zone, mig__dnsbl *own);

typedef enum mig__dnsbl_says {
    MIG__DNSBL_CLEAN,
    MIG__DNSBL_LISTED,
    MIG__DNSBL_POLICY,  /* a range that should send no mail by itself: no report of abuse */
    MIG__DNSBL_REFUSED, /* the list says that we asked wrongly: nothing is known */
    MIG__DNSBL_SILENT   /* no answer, or one that is none of a blocklist */
} mig__dnsbl_says;

/* What an answer to A means. `code` gets the address that says it, "" for none. */
mig__dnsbl_says mig__dnsbl_read(const mig__dnsbl *list, const mig__answer *answer, char code[16]);

#endif
