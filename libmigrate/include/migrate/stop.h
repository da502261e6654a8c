/*
 * migrate/stop.h - asking a run to end early, from a signal handler or another thread
 *
 * After a request the run finishes or cleanly drops the batch in flight, writes its journal and returns with
 * MIG_E_INTERRUPTED. A second request (`now`) gives up waiting for servers; what was in flight is reconciled by the
 * next run. Both functions are async-signal-safe and may be called at any time from any thread.
 */
#ifndef MIGRATE_STOP_H
#define MIGRATE_STOP_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mig_stop {
    int level; /* 0 go on, 1 stop after the batch in flight, 2 stop now; only ever touched by the functions below */
} mig_stop;

#define MIG_STOP_INIT {0}

void mig_stop_request(mig_stop *stop); /* raises the level by one, up to 2 */
int mig_stop_level(const mig_stop *stop); /* NULL counts as 0 */

#ifdef __cplusplus
}
#endif
#endif
