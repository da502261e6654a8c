/* domain/tags.h - "v=DMARC1; p=none": lists of tags as DKIM, DMARC, MTA-STS and TLS-RPT have them (RFC 6376
 * section 3.2) */
#ifndef MIG_DOMAIN_TAGS_H
#define MIG_DOMAIN_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#define MIG__TAGS_MOST 32

typedef struct mig__tag {
    char *name;  /* as written */
    char *value; /* without blanks around it */
} mig__tag;

typedef struct mig__tags {
    char *text; /* what names and values point into */
    mig__tag tags[MIG__TAGS_MOST];
    size_t count;
    bool malformed; /* a part without '=', an empty name, one more than the most, an octet that is not printable */
} mig__tags;

/* Take it apart; as much as makes sense is kept. False: out of memory. Release with mig__tags_clear. */
bool mig__tags_parse(const unsigned char *text, size_t length, mig__tags *out);
void mig__tags_clear(mig__tags *tags);

/* The value of the first tag of that name (case matters), NULL: there is none. */
const char *mig__tags_value(const mig__tags *tags, const char *name);

/* True when the name stands there more than once. */
bool mig__tags_twice(const mig__tags *tags, const char *name);

#endif
