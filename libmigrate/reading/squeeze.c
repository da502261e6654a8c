/* reading/squeeze.c - is the line slow enough for COMPRESS to be worth it? Measured on the transfer itself */
#include "reading/squeeze.h"

enum {
    SLOW_RATE = 3 << 20, /* octets a second of one connection */
    ENOUGH = 1 << 20,    /* octets that a judgement needs */
    LONG_MS = 10000
};

void mig__squeeze_note(mig__squeeze *squeeze, uint64_t octets, int64_t ms)
{
    squeeze->octets += octets;
    squeeze->ms += ms > 0 ? ms : 0;
}

bool mig__squeeze_slow(uint64_t octets, int64_t ms)
{
    if (octets < ENOUGH && ms < LONG_MS) {
        return false;
    }
    return ms > 0 && octets * 1000 / (uint64_t)ms < SLOW_RATE;
}

bool mig__squeeze_wanted(mig__squeeze *squeeze, const mig__session *session, const mig_endpoint *endpoint)
{
    if (squeeze->decided || endpoint->compress >= 0 || mig__session_compressed(session) ||
        !mig__session_can(session, MIG__CAP_COMPRESS) || !mig__squeeze_slow(squeeze->octets, squeeze->ms)) {
        return false;
    }
    squeeze->decided = true;
    return true;
}
