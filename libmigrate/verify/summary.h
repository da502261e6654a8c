/*
 * verify/summary.h - Message-ID and subject of a message, for people: taken from its octets, or from its header alone
 *
 * The subject is decoded (RFC 2047) to UTF-8. What is not well-formed is kept as it stands; octets outside of any
 * declared charset that are not UTF-8 are taken for windows-1252, as mail programs do.
 */
#ifndef MIG_VERIFY_SUMMARY_H
#define MIG_VERIFY_SUMMARY_H

#include "base/buffer.h"
#include "base/canonical.h"

#define MIG__SUMMARY_LINE 2048 /* of a longer field the beginning is kept */

/* begin, add in pieces of any size, end. Holds no memory of its own. All members are summary.c's. */
typedef struct mig__summary {
    mig__canonical form;
    bool done; /* the header is over */
    size_t length;
    char line[MIG__SUMMARY_LINE];
    char message_id[MIG__SUMMARY_LINE];
    char subject[MIG__SUMMARY_LINE];
} mig__summary;

void mig__summary_begin(mig__summary *summary);
/* Octets behind the header are not looked at. */
void mig__summary_add(mig__summary *summary, const void *data, size_t length);
/* The caller frees both; NULL: the message has none. 0, or -1 with MIG_E_NOMEM. */
int mig__summary_end(mig__summary *summary, char **message_id, char **subject, mig_error *err);

/* Decode the encoded words of a header value to UTF-8. */
void mig__decode_words(const char *text, mig__buffer *out);

#endif
