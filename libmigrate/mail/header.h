/* mail/header.h - Message-ID and subject of a message, to name it in reports; never used to identify it */
#ifndef MIG_MAIL_HEADER_H
#define MIG_MAIL_HEADER_H

#include "base/buffer.h"

#define MIG__SUMMARY_SIZE 256 /* octets of each with the NUL; what is longer is cut at a character */

typedef struct mig__summary {
    char message_id[MIG__SUMMARY_SIZE]; /* "": the message has none */
    char subject[MIG__SUMMARY_SIZE];
} mig__summary;

/*
 * From the octets that the message begins with (RFC 5322 section 2.2; its header may be cut off, lines may end in CRLF
 * or LF). The first field of each name counts. Both come unfolded, without outer blanks, decoded to UTF-8 (RFC 2047)
 * and inert (base/buffer.h). What is not well-formed is kept as it stands; octets outside of any declared charset that
 * are not UTF-8 are taken for windows-1252, as mail programs do. 0, or -1 with MIG_E_NOMEM.
 */
int mig__summarize(const char *octets, size_t length, mig__summary *out, mig_error *err);

/* Decode the encoded words of a header value to UTF-8. */
void mig__decode_words(const char *text, mig__buffer *out);

#endif
