/* domain/packet.h - DNS messages to and from plain records; libldns takes them apart */
#ifndef MIG_DOMAIN_PACKET_H
#define MIG_DOMAIN_PACKET_H

#include "domain/answer.h"

#define MIG__PACKET_QUERY 300 /* the longest question */

/* A name as text (mig__dn_clean) as it travels (RFC 1035 section 3.1), to `out` of 255. The length; 0: it does not fit.
 */
size_t mig__packet_name(const char *name, unsigned char out[255]);

/* The same as text in which every odd octet is escaped, as libraries take it; `out` has 1024. */
char *mig__packet_escape(const char *name, char *out, size_t size);

/* A question, with EDNS (RFC 6891) and a wish for signatures unless `plain`. Its length, 0: the name does not fit. */
size_t mig__packet_query(const char *name, mig__rr type, uint16_t id, bool recursive, bool plain,
                         unsigned char out[MIG__PACKET_QUERY]);

/* True when a message answers the question: its id, and the question repeated in any case. */
bool mig__packet_fits(const unsigned char *query, size_t query_length, const unsigned char *message, size_t length);

/*
 * Read an answer; out->status says what it is. Aliases are followed within it. False: out of memory.
 */
bool mig__packet_read(const unsigned char *message, size_t length, const char *name, mig__rr type, mig__answer *out);

#endif
