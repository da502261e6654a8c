/*
 * imap/talk.h - how much a server may say without coming to the point
 *
 * A server may send untagged responses at any time (RFC 3501 section 7), and each one restarts the wait for octets. So
 * a server that talks without end would be listened to without end. What brings a command further is counted apart from
 * what does not: an answer, a request to go on, a response that was asked for. What came since then has bounds: in
 * number, in octets, and in time. Pure bookkeeping: the session feeds it.
 */
#ifndef MIG_IMAP_TALK_H
#define MIG_IMAP_TALK_H

#include <migrate/error.h>
#include <stdint.h>

typedef struct mig__talk { /* since something that was asked for came, or something was sent */
    uint64_t responses;    /* that nobody asked for */
    uint64_t octets;       /* without bodies that may have been asked for */
    int64_t since_ms;      /* when the first of them was read (mig__now_ms); of no meaning while there are none */
} mig__talk;

/* Something was asked for, or came that was. */
void mig__talk_progress(mig__talk *talk);

/* So much was read that was not (yet) asked for. */
void mig__talk_add(mig__talk *talk, uint64_t responses, uint64_t octets, int64_t now_ms);

/*
 * `exists`: messages in the open mailbox by what the server said; another client may change the flags of each of them,
 * or expunge it, and all that is reported at once. 0, or -1: MIG_E_BOUNDS, never to be tried again, for a flood;
 * MIG_E_TIMEOUT when it went on for `longest_ms`.
 */
int mig__talk_check(const mig__talk *talk, uint64_t exists, int64_t now_ms, int64_t longest_ms, mig_error *err);

#endif
