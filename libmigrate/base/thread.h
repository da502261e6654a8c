/* base/thread.h - threads of the library, and the limits that keep it from having more of them or of descriptors */
#ifndef MIG_BASE_THREAD_H
#define MIG_BASE_THREAD_H

#include <migrate/error.h>
#include <pthread.h>
#include <stdbool.h>

/*
 * Start a thread with all signals blocked: they stay with the threads of whoever uses the library. 0, or -1 with
 * MIG_E_LIMIT (too many threads) or MIG_E_NOMEM.
 */
int mig__thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument, mig_error *err);

/*
 * True when this process or machine has no descriptor left just now: then `err` says so (MIG_E_LIMIT). For failures of
 * libraries that do not say why (name lookups, certificates), before they are put down to somebody else.
 */
bool mig__out_of_descriptors(mig_error *err);

#endif
