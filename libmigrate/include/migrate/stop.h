/*
 * migrate/stop.h - asking a run to end early, from a signal handler or another thread
 *
 * After a request nothing new is begun, and what is under way gets MIG_STOP_GRACE_MS to end; then, or at a second
 * request, servers, locks and disks are waited for no longer. The run writes its journal and returns with
 * MIG_E_INTERRUPTED; what was in flight is reconciled by the next run. Both functions are async-signal-safe and may be
 * called at any time from any thread.
 */
#ifndef MIGRATE_STOP_H
#define MIGRATE_STOP_H

#ifdef __cplusplus
extern "C" {
#endif

#define MIG_STOP_GRACE_MS 1000 /* how long the first request leaves to what is under way */

typedef struct mig_stop { /* only ever touched by the functions below */
    int level;            /* how many requests, up to 2 */
    unsigned asked_ms;    /* monotonic clock at the first one, in milliseconds, modulo 2^32 */
} mig_stop;

#define MIG_STOP_INIT {0, 0}

void mig_stop_request(mig_stop *stop);
/*
 * 0: go on; 1: begin nothing new; 2: stop now, since a second request came or the grace of the first one is over. NULL
 * counts as 0.
 */
int mig_stop_level(const mig_stop *stop);

#ifdef __cplusplus
}
#endif
#endif
