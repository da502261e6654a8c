/* domain/sts.h - MTA-STS (RFC 8461) and TLS-RPT (RFC 8460): records and the policy file */
#ifndef MIG_DOMAIN_STS_H
#define MIG_DOMAIN_STS_H

#include "domain/name.h"
#include <stdbool.h>
#include <stddef.h>

#define MIG__STS_MOST_MX 32

typedef enum mig__sts_mode { MIG__STS_NO_MODE, MIG__STS_ENFORCE, MIG__STS_TESTING, MIG__STS_MODE_NONE } mig__sts_mode;

typedef struct mig__sts_policy {
    mig__sts_mode mode;
    unsigned long max_age; /* seconds; 0: none given */
    char mx[MIG__STS_MOST_MX][MIG__DN_SIZE];
    size_t count;
    char problem[160]; /* what makes it no policy; "": nothing */
} mig__sts_policy;

/* Read a policy file; senders ignore one that has a problem. */
void mig__sts_policy_parse(const char *text, size_t length, mig__sts_policy *out);
bool mig__sts_policy_allows(const mig__sts_policy *policy, const char *host);

/* True when the text begins as a record of MTA-STS. */
bool mig__sts_is_record(const unsigned char *text, size_t length);

/* The id of a record: 1 to 32 letters and digits. False: there is none. */
bool mig__sts_record_id(const unsigned char *text, size_t length, char id[33]);

/* A record of TLS-RPT: whether it is one, and where reports go ("": nowhere that makes sense). */
bool mig__tlsrpt_is_record(const unsigned char *text, size_t length);
void mig__tlsrpt_rua(const unsigned char *text, size_t length, char *out, size_t size);

#endif
