/* account/each.c - windows of dialogues; what goes wrong in one of them is had out alone */
#include "account/each.h"
#include "base/retry.h"

typedef struct alone {
    const mig__each *each;
    void *item;
} alone;

static int ask_alone(mig__session *session, void *context, mig_error *err)
{
    const alone *one = context;
    return one->each->send(session, one->item, err) != 0 ? -1 : one->each->settle(session, one->item, err);
}

/* One item by itself, after so many connections that broke on it. */
static int have_out(mig__gate *gate, mig__session **session, const mig__each *each, void *item, unsigned breaks,
                    mig_error *err)
{
    alone one = {each, item};
    int outcome = mig__gate_ask_again(gate, session, breaks, ask_alone, &one, err);
    mig_error why = *err;
    return outcome < 0 ? -1 : each->done(item, outcome, &why, err);
}

typedef struct window {
    void *again[MIG__EACH_MOST]; /* put off */
    size_t again_count;
    size_t settled;
} window;

/* Send what fits into the window and wait for it, as long as the session lasts. 0, -1. */
static int work_off(mig__session *session, const mig__each *each, void *const *items, size_t count, window *w,
                    mig_error *err)
{
    size_t sent = 0;
    int failed = 0;
    while (failed == 0 && sent < count) {
        failed = each->send(session, items[sent], err);
        sent += failed == 0;
    }
    for (; w->settled < sent; w->settled++) { /* also when sending failed: what was answered before is good */
        void *item = items[w->settled];
        mig_error why = MIG_ERROR_INIT;
        int outcome = each->settle(session, item, &why);
        if (outcome > 0 && mig__retry_wanted(&why)) {
            w->again[w->again_count++] = item;
        } else if (outcome < 0 || (outcome > 0 && why.scope == MIG_SCOPE_RUN)) {
            *err = why;
            return -1;
        } else if (each->done(item, outcome, &why, err) != 0) {
            return -1;
        }
    }
    return failed;
}

int mig__gate_ask_each(mig__gate *gate, mig__session **session, const mig__each *each, void *const *items, size_t count,
                       mig_error *err)
{
    size_t at_once = MIG__EACH_MOST;
    for (size_t next = 0; next < count;) {
        size_t some = count - next < at_once ? count - next : at_once;
        window w = {.again_count = 0};
        if (*session == NULL && (*session = mig__gate_open(gate, MIG__PATIENCE_AGAIN, err)) == NULL) {
            return -1;
        }
        int failed = work_off(*session, each, items + next, some, &w, err);
        next += w.settled;
        /* A connection that is reset takes answers with it that were on their way: fewer at once tell where it was. */
        at_once = failed != 0 ? (at_once + 1) / 2 : at_once * 2 < MIG__EACH_MOST ? at_once * 2 : MIG__EACH_MOST;
        if (failed != 0) {
            mig__gate_close(gate, session);
            if (!mig__retry_wanted(err) || next == count || have_out(gate, session, each, items[next], 1, err) != 0) {
                return -1;
            }
            next++;
        }
        for (size_t i = 0; i < w.again_count; i++) {
            if (have_out(gate, session, each, w.again[i], 0, err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}
