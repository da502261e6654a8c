/*
 * account/each.h - the same dialogue with a server about many things, many of them under way at once
 *
 * What a server puts off is asked again, what breaks the connection over another one, each by itself (account/gate.h):
 * one mailbox that is refused, or kills the connection, does not keep the others from being asked about.
 */
#ifndef MIG_ACCOUNT_EACH_H
#define MIG_ACCOUNT_EACH_H

#include "account/gate.h"

enum { MIG__EACH_MOST = 64 }; /* under way at once */

typedef struct mig__each {
    /* Send the commands about an item, its results as if nothing had been before. 0, -1. */
    int (*send)(mig__session *session, void *item, mig_error *err);
    /* Wait for their answers, and ask what follows from them. 0; 1 refused (`err`), -1 the session failed. */
    int (*settle)(mig__session *session, void *item, mig_error *err);
    /* The item is settled: 0, or 1 with the reason in `why`. 0; -1 with `err`: nothing goes on. */
    int (*done)(void *item, int outcome, const mig_error *why, mig_error *err);
} mig__each;

/*
 * All of them, in order but for those that have to be asked again. 0; -1: nothing goes on. *session may be NULL, and is
 * replaced when it breaks.
 */
int mig__gate_ask_each(mig__gate *gate, mig__session **session, const mig__each *each, void *const *items, size_t count,
                       mig_error *err);

#endif
