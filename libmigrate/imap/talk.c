/* imap/talk.c - how much a server may say without coming to the point */
#include "imap/talk.h"

/*
 * What a mailbox in use brings in earnest is far below: a line for each message whose flags another client changed, one
 * more when it is expunged, some 50 octets each. What a server claims to have (EXISTS) widens the bounds up to a
 * million messages only, since nothing vouches for the claim.
 */
#define RESPONSES      10000u
#define OCTETS         (16u << 20) /* a response has 8 MiB at most */
#define MESSAGES_MOST  1000000u
#define EACH_RESPONSES 2u
#define EACH_OCTETS    128u

void mig__talk_progress(mig__talk *talk)
{
    *talk = (mig__talk){0};
}

void mig__talk_add(mig__talk *talk, uint64_t responses, uint64_t octets, int64_t now_ms)
{
    if (talk->responses == 0 && talk->octets == 0) {
        talk->since_ms = now_ms;
    }
    talk->responses += responses;
    talk->octets += octets;
}

int mig__talk_check(const mig__talk *talk, uint64_t exists, int64_t now_ms, int64_t longest_ms, mig_error *err)
{
    uint64_t messages = exists < MESSAGES_MOST ? exists : MESSAGES_MOST;
    if (talk->responses > RESPONSES + EACH_RESPONSES * messages || talk->octets > OCTETS + EACH_OCTETS * messages) {
        mig_error_set(err, MIG_E_BOUNDS,
                      "the server sends without end what nobody asked for (%llu responses, %llu octets) and does not "
                      "answer",
                      (unsigned long long)talk->responses, (unsigned long long)talk->octets);
        if (err != NULL) {
            err->retry = MIG_RETRY_NEVER; /* it would only begin anew */
        }
        return mig_error_hint(err,
                              "--trace with --log FILE shows what it sends; look at the server and at what is between");
    }
    if ((talk->responses > 0 || talk->octets > 0) && now_ms - talk->since_ms > longest_ms) {
        mig_error_set(err, MIG_E_TIMEOUT, "the server keeps talking, but has not answered for %.3g seconds",
                      (double)(now_ms - talk->since_ms) / 1000);
        return mig_error_hint(err, "a server that needs longer for an answer can be given more time with --timeout");
    }
    return 0;
}
