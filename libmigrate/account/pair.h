/*
 * account/pair.h - two accounts that belong together: opened at once, checked against one another, mapped
 *
 * A pair is an array of two, by mig_side: pair[MIG_SOURCE], pair[MIG_TARGET]. A side without an endpoint is left out of
 * everything.
 */
#ifndef MIG_ACCOUNT_PAIR_H
#define MIG_ACCOUNT_PAIR_H

#include "account/account.h"
#include "folders/map.h"
#include <migrate/side.h>

typedef struct mig__pair_opening {
    mig__patience patience;
    bool status;                                     /* STATUS of each mailbox */
    bool without_source;                             /* the target alone */
    int (*meanwhile)(void *context, mig_error *err); /* what there is to do while the target answers; NULL: nothing */
    void (*failed)(void *context,
                   const mig_error *); /* it failed: nobody needs to wait for the target. NULL: nothing */
    /* Once a side was listed, in that side's own thread, where the session may be replaced; NULL: nothing more to ask.
     */
    int (*opened)(mig_side side, mig__session **session, void *context, mig_error *err);
    void *context;
} mig__pair_opening;

/*
 * Open both sides at once: what takes a round trip on one costs nothing on the other meanwhile. `sessions` by side;
 * NULL where it was not opened. 0, or -1 with what went wrong, on both sides if it did; sessions that there are stay
 * open.
 */
int mig__pair_open(mig__account pair[2], const mig__pair_opening *how, mig__session *sessions[2], mig_error *err);

/*
 * Refuse what can only be a mistake: the two are one account (mig__sides_check_lists), unless `known` says that mail
 * was copied from this very source before; source and target look swapped, unless `begun` says that something was
 * copied. 0 or -1 with MIG_E_SAME, MIG_E_SWAPPED, or what ended a session.
 */
int mig__pair_check(const mig__account pair[2], mig__session *const sessions[2], bool known, bool begun,
                    mig_error *err);

/* What the user chose, as the map's rules. Borrows from `selection`. */
mig__map_rules mig__pair_rules(const mig_selection *selection);

/* Map the source's folders to the target's, by what the user chose. Release with mig__map_free. */
int mig__pair_map(const mig__account pair[2], const mig_selection *selection, mig__map *out, mig_error *err);

/* Add up what the closed sessions of both cost. */
void mig__pair_stats(mig__account pair[2], mig__stream_stats *sum);

#endif
