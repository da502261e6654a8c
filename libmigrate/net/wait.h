/* net/wait.h - waiting for descriptors: poll() alone, so that any number of descriptors works */
#ifndef MIG_NET_WAIT_H
#define MIG_NET_WAIT_H

#include <migrate/error.h>
#include <migrate/stop.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define MIG__WAIT_SLICE_MS 200 /* how often the stop flag is looked at */

/*
 * Wait until one of `entries` is ready, `deadline` (mig__now_ms) has passed, or `stop` is at level 2. Returns how many
 * are ready, 0 at the deadline, -1 with MIG_E_INTERRUPTED or MIG_E_INTERNAL.
 */
int mig__wait(struct pollfd *entries, nfds_t count, int64_t deadline, const mig_stop *stop, mig_error *err);

/* The same of one descriptor, without a stop: true when it is ready. */
bool mig__wait_for(int fd, short events, int64_t deadline);

#endif
