/*
 * reading/squeeze.h - is the line slow enough for COMPRESS to be worth it? Measured on the transfer itself
 *
 * Deflating costs both ends time; below a few megabytes a second on a connection it saves more than it costs. Only time
 * spent on the line counts, not time in which there was nothing to transfer.
 */
#ifndef MIG_READING_SQUEEZE_H
#define MIG_READING_SQUEEZE_H

#include "imap/session.h"

typedef struct mig__squeeze { /* zeroed: nothing measured */
    uint64_t octets;
    int64_t ms;
    bool decided;
} mig__squeeze;

/* So many octets passed in so many milliseconds on the line. */
void mig__squeeze_note(mig__squeeze *squeeze, uint64_t octets, int64_t ms);

/*
 * Pure: is this much octets in this much time a slow line? Needs a megabyte, or ten seconds, to say so.
 */
bool mig__squeeze_slow(uint64_t octets, int64_t ms);

/*
 * True once, when the session should compress as soon as no command is in flight: endpoint->compress is auto
 * (negative), the server offers it, and the line was measured to be slow.
 */
bool mig__squeeze_wanted(mig__squeeze *squeeze, const mig__session *session, const mig_endpoint *endpoint);

#endif
